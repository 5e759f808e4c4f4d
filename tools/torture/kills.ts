import { readdirSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { checkpointsOf, freshFolder, runArgs, sleep, start, stateHash } from "./programs.ts"
import { between, randomOf } from "./random.ts"
import type { Effort, Verdict } from "./Section.ts"

/**
 * SIGKILL at random instants after the first checkpoint, a quarter of them inside a save; every run is then continued
 * to its end, and its last state must be the uninterrupted run's to the bit.
 */
export const kills = Effect.fn("torture.kills")(function* ({ report, seed, short }: Effort) {
  const numKills = short ? 3 : 200
  const numInside = short ? 1 : 50
  const random = randomOf(seed, 1)
  const expected = yield* Effect.promise(uninterrupted)
  const problems: Array<string> = []
  let killed = 0
  let inside = 0
  for (let n = 0; n < numKills; n++) {
    const isInside = n < numInside
    const delay = between(random, 0, 1500)
    const outcome = yield* Effect.promise(() => killAndContinue(isInside, delay))
    killed += outcome.killed
    inside += outcome.inside
    if (outcome.hash !== expected) problems.push(`kill ${n} after ${delay} ms: ${outcome.problem}`)
    yield* report(`kills: ${n + 1}/${numKills}, ${problems.length} problems`)
  }
  const verdict: Verdict = {
    ok: problems.length === 0,
    counts: { runs: numKills, killed, insideASave: inside, equalState: numKills - problems.length, problems }
  }
  return verdict
})

const args = [...runArgs("queue"), "--checkpoint-every=10steps"]

const uninterrupted = async (): Promise<string> => {
  const folder = freshFolder()
  const { code, stderr } = await start([...args, `--out=${folder}`]).ended
  if (code !== 0) throw new Error(`the uninterrupted run failed: ${stderr}`)
  return stateHash(folder)
}

const killAndContinue = async (isInside: boolean, delay: number) => {
  const folder = freshFolder()
  const first = start([...args, `--out=${folder}`])
  while (checkpointsOf(folder).length === 0 && first.child.exitCode === null) await sleep(5)
  if (isInside) {
    while (!isSaving(folder) && first.child.exitCode === null) await sleep(1)
  } else {
    await sleep(delay)
  }
  const inside = isSaving(folder)
  first.child.kill("SIGKILL")
  const { signal } = await first.ended
  if (signal === "SIGKILL") {
    const { code, stderr } = await start(["train", `--resume=${folder}`]).ended
    if (code !== 0) return { killed: 1, inside: Number(inside), hash: "", problem: stderr }
  }
  const hash = stateHash(folder)
  return { killed: Number(signal === "SIGKILL"), inside: Number(inside), hash, problem: `state ${hash}` }
}

/** Whether a checkpoint is being written: its folder has its temporary name. */
const isSaving = (folder: string): boolean => {
  try {
    return readdirSync(join(folder, "checkpoints")).some((name) => name.endsWith(".tmp"))
  } catch {
    return false
  }
}
