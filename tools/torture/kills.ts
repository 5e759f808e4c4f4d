import { readdirSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { checkpointsOf, freshFolder, removeRun, runArgs, sleep, start, stateHash } from "./programs.ts"
import { between, randomOf } from "./random.ts"
import type { Effort, Verdict } from "./Section.ts"

/** Runs side by side: each computes on one thread. */
const concurrency = 2

/** A run may reach its end before its kill; then another is tried. */
const maxTries = 5

/**
 * SIGKILL at random instants after the first checkpoint and before the end, a quarter of them inside a save; every run
 * is then continued to its end, and its last state must be the uninterrupted run's to the bit.
 */
export const kills = Effect.fn("torture.kills")(function* ({ report, seed, short }: Effort) {
  const numKills = short ? 3 : 200
  const numInside = short ? 1 : 50
  const { hash: expected, span } = yield* Effect.promise(uninterrupted)
  const problems: Array<string> = []
  let inside = 0
  let done = 0
  const killOnce = Effect.fnUntraced(function* (n: number) {
    const random = randomOf(seed, 1, n)
    const isInside = n < numInside
    for (let tries = 0; tries < maxTries; tries++) {
      const delay = between(random, 0, Math.round(span))
      const outcome = yield* Effect.promise(() => killAndContinue(isInside, delay))
      if (!outcome.isKilled || (isInside && !outcome.isInside)) continue
      inside += Number(outcome.isInside)
      if (outcome.hash !== expected) problems.push(`kill ${n} after ${delay} ms: ${outcome.problem}`)
      return yield* report(`kills: ${++done}/${numKills}, ${problems.length} problems`)
    }
    problems.push(`kill ${n}: the run was over before, ${maxTries} times`)
  })
  yield* Effect.forEach(Array.from({ length: numKills }).keys(), killOnce, { concurrency, discard: true })
  const verdict: Verdict = {
    ok: problems.length === 0,
    counts: { kills: done, insideASave: inside, equalState: numKills - problems.length, problems }
  }
  return verdict
})

const args = [...runArgs("queue", { epochs: 2 }), "--set=backend.threads=1", "--checkpoint-every=10steps"]

/** The state at the end, and the milliseconds from the first checkpoint until there. */
const uninterrupted = async () => {
  const folder = freshFolder()
  const { child, ended } = start([...args, `--out=${folder}`])
  while (checkpointsOf(folder).length === 0 && child.exitCode === null) await sleep(5)
  const from = performance.now()
  const { code, stderr } = await ended
  if (code !== 0) throw new Error(`the uninterrupted run failed: ${stderr}`)
  const hash = stateHash(folder)
  removeRun(folder)
  return { hash, span: performance.now() - from }
}

const killAndContinue = async (isInside: boolean, delay: number) => {
  const folder = freshFolder()
  const first = start([...args, `--out=${folder}`])
  while (checkpointsOf(folder).length === 0 && first.child.exitCode === null) await sleep(5)
  await sleep(delay)
  if (isInside) while (!isSaving(folder) && first.child.exitCode === null) await sleep(1)
  const wasSaving = isSaving(folder)
  first.child.kill("SIGKILL")
  const isKilled = (await first.ended).signal === "SIGKILL"
  // A save that had ended before the kill arrived has left no temporary folder.
  const outcome = { isKilled, isInside: isKilled && wasSaving && isSaving(folder) }
  if (!isKilled) return { ...outcome, hash: "", problem: "" }
  const { code, stderr } = await start(["train", `--resume=${folder}`]).ended
  if (code !== 0) return { ...outcome, hash: "", problem: `${stderr} in ${folder}` }
  const hash = stateHash(folder)
  removeRun(folder)
  return { ...outcome, hash, problem: `state ${hash}` }
}

/** Whether a checkpoint is being written: its folder has its temporary name. */
const isSaving = (folder: string): boolean => {
  try {
    return readdirSync(join(folder, "checkpoints")).some((name) => name.endsWith(".tmp"))
  } catch {
    return false
  }
}
