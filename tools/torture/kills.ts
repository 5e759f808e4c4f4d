import { readdirSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { differenceOf, eventsOf, type History, historyOf, stepsOf } from "./history.ts"
import {
  checkpointsOf,
  freshFolder,
  type Mechanism,
  mechanismNames,
  removeRun,
  runArgs,
  sleep,
  start
} from "./programs.ts"
import { between, randomOf } from "./random.ts"
import type { Effort, Verdict } from "./Section.ts"

/** Runs side by side: each computes on one thread. */
const concurrency = 2

/** A run may reach its end before its kill; then another is tried. */
const maxTries = 5

const numEpochs = 2
const stepsPerEpoch = 40
const checkpointEvery = 10

/**
 * Steps that are taken while a save is being written, at most: training goes on meanwhile, and a kill before the end of
 * the save loses them beside the steps since the save before. They are two or three, and five where the disk is busy.
 */
const stepsDuringSave = 5

/**
 * SIGKILL at random instants after the first checkpoint and before the end, a quarter of them inside a save. Every run
 * must go on from its newest checkpoint, with few steps lost, and end as the uninterrupted run of its mechanism: in the
 * same state to the bit, with every step and every evaluation once in its log.
 */
export const kills = Effect.fn("torture.kills")(function* ({ once, report, seed, short }: Effort) {
  const numKills = short ? 3 : 200
  const numInside = short ? 1 : 50
  const expected = new Map(
    yield* Effect.forEach(mechanismNames, (name) => Effect.promise(() => uninterrupted(name)), {
      concurrency
    })
  )
  const problems: Array<string> = []
  const counts = { kills: 0, insideASave: 0, queue: 0, memoryBank: 0, endToEnd: 0, equal: 0 }
  const lostSteps: Array<number> = []
  const killOnce = Effect.fnUntraced(function* (n: number) {
    const mechanism = mechanismNames[n % mechanismNames.length]!
    const kill = tryToKill(mechanism, n < numInside, expected.get(mechanism)!, randomOf(seed, 1, n))
    const { delay, isInside, isKilled, lost, problem } = yield* once(`kill ${n}`, kill)
    if (!isKilled) {
      problems.push(`kill ${n}: the run was over before, ${maxTries} times`)
      return
    }
    counts.kills++
    counts[mechanism]++
    counts.insideASave += Number(isInside)
    lostSteps.push(lost)
    if (problem === null) counts.equal++
    else problems.push(`kill ${n} of ${mechanism} after ${delay} ms: ${problem}`)
    yield* report(`kills: ${counts.kills}/${numKills}, ${problems.length} problems`)
  })
  yield* Effect.forEach(Array.from({ length: numKills }).keys(), killOnce, { concurrency, discard: true })
  const verdict: Verdict = {
    ok: problems.length === 0,
    counts: { ...counts, lostStepsMax: Math.max(...lostSteps), problems: problems.slice(0, 10) }
  }
  return verdict
})

/** Kills at random instants, until one has hit; `problem` is what was wrong after it. */
const tryToKill = Effect.fnUntraced(function* (
  mechanism: Mechanism,
  mustBeInside: boolean,
  whole: { readonly span: number; readonly history: History },
  random: ReturnType<typeof randomOf>
) {
  let { span } = whole
  for (let tries = 0; tries < maxTries; tries++) {
    const delay = between(random, 0, span)
    const outcome = yield* Effect.promise(() =>
      killAndContinue(mechanism, mustBeInside, delay, whole.history)
    )
    // The machine may be faster now than when the whole run was timed.
    if (!outcome.isKilled) span = Math.ceil(span / 2)
    if (outcome.isKilled && (outcome.isInside || !mustBeInside)) {
      return { ...outcome, delay, problem: outcome.problem ?? null }
    }
  }
  return { isKilled: false, isInside: false, lost: 0, delay: 0, problem: null }
})

const argsOf = (mechanism: Mechanism, folder: string): ReadonlyArray<string> => [
  ...runArgs(mechanism, { epochs: numEpochs, evaluateEvery: 1 }),
  "--set=backend.threads=1",
  `--checkpoint-every=${checkpointEvery}steps`,
  `--out=${folder}`
]

/** What a whole run leaves, and the milliseconds from its first checkpoint to its end. */
const uninterrupted = async (mechanism: Mechanism) => {
  const folder = freshFolder()
  const { child, ended } = start(argsOf(mechanism, folder))
  while (checkpointsOf(folder).length === 0 && child.exitCode === null) await sleep(5)
  const from = performance.now()
  const { code, stderr } = await ended
  if (code !== 0) throw new Error(`the uninterrupted run failed: ${stderr}`)
  const history = historyOf(folder)
  const steps = stepsOf(eventsOf(folder)).map(({ step }) => step)
  if (steps.join() !== [...Array(numEpochs * stepsPerEpoch).keys()].join()) {
    throw new Error(`the uninterrupted run has logged the steps ${steps}`)
  }
  removeRun(folder)
  return [mechanism, { history, span: Math.round(performance.now() - from) }] as const
}

const killAndContinue = async (mechanism: Mechanism, isInside: boolean, delay: number, expected: History) => {
  const folder = freshFolder()
  const { child, ended } = start(argsOf(mechanism, folder))
  while (checkpointsOf(folder).length === 0 && child.exitCode === null) await sleep(5)
  await sleep(delay)
  if (isInside) while (!isSaving(folder) && child.exitCode === null) await sleep(1)
  const wasSaving = isSaving(folder)
  const before = Number(checkpointsOf(folder).at(-1))
  child.kill("SIGKILL")
  const isKilled = (await ended).signal === "SIGKILL"
  // A save that had ended before the kill arrived has left no temporary folder.
  const outcome = { isKilled, isInside: isKilled && wasSaving && isSaving(folder) }
  if (!isKilled) return { ...outcome, lost: 0, problem: undefined }
  // A save may have ended since.
  const newest = Number(checkpointsOf(folder).at(-1))
  const lost = stepsOf(eventsOf(folder)).length - newest
  const resumed = await start(["train", `--resume=${folder}`]).ended
  const problem =
    newest >= before
      ? (whatWentWrong(resumed, folder, newest, lost) ?? differenceOf(historyOf(folder), expected))
      : `the newest checkpoint was ${before} and is ${newest}`
  if (problem === undefined) removeRun(folder)
  return { ...outcome, lost, problem: problem && `${problem} in ${folder}` }
}

/** Whether the run has gone on from step `newest`, the checkpoint that was there, and to its end. */
const whatWentWrong = (
  { code, stderr, stdout }: Awaited<ReturnType<typeof start>["ended"]>,
  folder: string,
  newest: number,
  lost: number
): string | undefined => {
  if (code !== 0) return `exit code ${code}: ${stderr}`
  const said = /goes on after step (\d+)/.exec(stdout)?.[1]
  if (said !== String(newest)) return `it went on after step ${said} and had a checkpoint of step ${newest}`
  if (stderr.includes("damaged")) return stderr
  const resumptions = eventsOf(folder).flatMap((event) => (event.event === "resumed" ? [event.step] : []))
  if (resumptions.join() !== String(newest)) return `its log says that it went on after ${resumptions}`
  if (lost < 0) return `its log had ${-lost} steps less than its checkpoint`
  return lost > checkpointEvery + stepsDuringSave ? `${lost} steps were lost` : undefined
}

/** Whether a checkpoint is being written: its folder has its temporary name. */
const isSaving = (folder: string): boolean => {
  try {
    return readdirSync(join(folder, "checkpoints")).some((name) => name.endsWith(".tmp"))
  } catch {
    return false
  }
}
