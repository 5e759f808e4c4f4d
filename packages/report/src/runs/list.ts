import { isBetter } from "@moco/evaluation/Measurement"
import { readTrials } from "@moco/study/StudyRecord"
import { Effect, Path, Schema } from "effect"
import { type FindBounds, type FoundFolder, findRuns } from "./find.ts"
import { lookAt } from "./look.ts"
import type { Facts } from "./state.ts"
import { RunSummary, summaryOf } from "./summary.ts"

/** What `moco runs list --json` prints. */
export const RunList = Schema.Struct({
  /** As it was named. */
  folder: Schema.String,
  runs: Schema.Array(RunSummary),
  /** Whether there was more to look through than is looked through. */
  isCut: Schema.Boolean
})
export type RunList = typeof RunList.Type

export const sortings = ["time", "metric", "name"] as const
export type Sorting = (typeof sortings)[number]

/** Runs that are read at the same time. */
const concurrency = 8

/** The runs below a folder, sorted. A run that is damaged is one of them and never ends the look through. */
export const listRuns = Effect.fn("runs.listRuns")(function* (
  root: string,
  { bounds, sort = "time" }: { readonly bounds?: FindBounds; readonly sort?: Sorting } = {}
) {
  const { found, isCut } = yield* findRuns(root, bounds)
  const failures = yield* failuresOf(found)
  const runs = yield* Effect.forEach(found, (one) => summarise(one, failures.get(one.path)), { concurrency })
  const list: RunList = { folder: root, runs: runs.toSorted(inOrder[sort]), isCut }
  return list
})

const summarise = ({ holds, name, path, problem }: FoundFolder, failure: Facts["failure"]) =>
  holds === "run"
    ? Effect.map(lookAt(path, { log: "end", failure }), (looked) => summaryOf(name, looked))
    : Effect.succeed<RunSummary>({
        ...{ name, path, recipe: null, seed: null, writtenAt: null, score: null, baseline: null },
        ...{ epochs: { done: 0, of: null }, steps: { done: 0, of: null }, trainingSeconds: null },
        state: problem === undefined ? "empty" : "damaged",
        reason: problem ?? "there is nothing in it"
      })

/**
 * How trials have failed, by the folder of their run: a run's log does not tell that. What a study's record does not say
 * in a way that can be read is not told.
 */
export const failuresOf = Effect.fnUntraced(function* (found: ReadonlyArray<Pick<FoundFolder, "path">>) {
  const path = yield* Path.Path
  const studies = found.flatMap(({ path: run }) => {
    const runs = path.dirname(path.resolve(run))
    return path.basename(runs) === "runs" ? [path.dirname(runs)] : []
  })
  const failures = new Map<string, NonNullable<Facts["failure"]>>()
  for (const study of new Set(studies)) {
    const trials = yield* Effect.orElseSucceed(readTrials(path.join(study, "trials.jsonl")), () => [])
    for (const trial of trials) {
      const run = found.find(({ path: run }) => path.resolve(run) === path.join(study, trial.runFolder))?.path
      if (run === undefined) continue
      if (trial.outcome === "completed") failures.delete(run)
      else failures.set(run, { reason: trial.reason.split("\n")[0] ?? "", isFinal: trial.isFinal })
    }
  }
  return failures
})

type Order = (a: RunSummary, b: RunSummary) => number

const byName: Order = (a, b) => a.name.localeCompare(b.name, "en", { numeric: true })

/** The newest first; what was never written last. */
const byTime: Order = (a, b) => (b.writtenAt ?? "").localeCompare(a.writtenAt ?? "") || byName(a, b)

/** The best first, metric by metric; what was not measured last. */
const byMetric: Order = (a, b) => {
  if (a.score === null || b.score === null) {
    return Number(a.score === null) - Number(b.score === null) || byTime(a, b)
  }
  if (a.score.metric !== b.score.metric) return a.score.metric.localeCompare(b.score.metric)
  if (isBetter(a.score, a.score.value, b.score.value)) return -1
  return isBetter(b.score, b.score.value, a.score.value) ? 1 : byName(a, b)
}

const inOrder: Readonly<Record<Sorting, Order>> = { time: byTime, metric: byMetric, name: byName }
