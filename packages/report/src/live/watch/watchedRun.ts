import type { RunConfig } from "@moco/train/RunConfig"
import { readConfig } from "@moco/train/RunFolder"
import { filesOf, type RunFolder } from "@moco/train/RunFolder/files"
import { Effect, Option, Path, Result } from "effect"
import type { Found, Inspected } from "../../html/run/RunSource.ts"
import { readInspection } from "../../html/run/readInspection.ts"
import { holderOf, isThere, newestFailed, reasonOf } from "../../runs/look.ts"
import { type RunState, stateOf } from "../../runs/state.ts"
import { followLines } from "./lines.ts"
import { nothingYet, type RunSoFar, withLine } from "./runSoFar.ts"
import { whenChanged } from "./whenChanged.ts"

/** What is known of a run that goes on. */
export interface WatchedRun {
  readonly log: RunSoFar
  readonly config: RunConfig | undefined
  readonly inspected: Found<Inspected> | undefined
  readonly state: RunState | "waiting"
  /** Why it is said to be in it. */
  readonly reason: string | null
  /** Why the log, or the config, cannot be read. */
  readonly logProblem: string | undefined
  readonly configProblem: string | undefined
}

const unseen: WatchedRun = {
  ...{ log: nothingYet(), config: undefined, inspected: undefined, state: "waiting", reason: null },
  ...{ logProblem: undefined, configProblem: undefined }
}

/** Follows the run in a folder, and reads only what is new; `look` says whether something is. */
export const watchRun = Effect.fn("watch.watchRun")(function* (folderPath: string) {
  const path = yield* Path.Path
  const folder = filesOf(path, folderPath)
  const logOf = followLines(folder.metrics, nothingYet, withLine)
  const configOf = whenChanged(folder.config, Effect.result(readConfig(folder)))
  const inspectedOf = whenChanged(path.join(folder.inspection, "inspection.json"), readInspection(folder))
  let run = unseen
  const look = Effect.gen(function* () {
    const log = yield* logOf
    const config = yield* configOf
    const inspected = yield* inspectedOf
    const read = {
      log: log.told,
      logProblem: log.problem,
      config: config === undefined ? undefined : Option.getOrUndefined(Result.getSuccess(config)),
      configProblem: config !== undefined && Result.isFailure(config) ? reasonOf(config.failure) : undefined,
      inspected
    }
    const before = run
    run = { ...read, ...(yield* stateIn(folder, read)) }
    return (Object.keys(run) as ReadonlyArray<keyof WatchedRun>).some((key) => run[key] !== before[key])
  })
  return { look, current: Effect.sync(() => run) }
})

/** The state of the run, told by what holds its folder and by how its log ends. */
const stateIn = Effect.fnUntraced(function* (
  folder: RunFolder,
  {
    config,
    configProblem,
    log,
    logProblem
  }: Pick<WatchedRun, "config" | "configProblem" | "log" | "logProblem">
) {
  const holder = Option.getOrUndefined(yield* Effect.option(holderOf(folder)))
  if (holder === undefined && log.lastStep === undefined && log.events.length === 0 && config === undefined) {
    return { state: "waiting" as const, reason: "there is no config.json and no metrics.jsonl yet" }
  }
  const known = { holder, damage: [configProblem, logProblem, ...log.problems].filter(isDefined), log }
  const looked =
    holder === undefined
      ? {
          failedStep: yield* newestFailed(folder),
          hasEncoder: (yield* isThere(folder.encoder)) && (yield* isThere(folder.encoderCard))
        }
      : { failedStep: undefined, hasEncoder: false }
  return stateOf({ ...known, ...looked, newest: undefined, failure: undefined })
})

const isDefined = (problem: string | undefined): problem is string => problem !== undefined
