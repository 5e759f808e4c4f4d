import type { Study, Trial } from "@moco/study/Study"
import { readTrials } from "@moco/study/StudyRecord"
import { isOver } from "@moco/study/StudyRun"
import type { TrialRecord } from "@moco/study/TrialRecord"
import { filesOf } from "@moco/train/RunFolder/files"
import * as RunLog from "@moco/train/RunLog"
import { Clock, Effect, FileSystem, Option, Path, Result } from "effect"
import { holderOf, reasonOf } from "../../runs/look.ts"
import type { Files } from "./Subject.ts"
import { whenChanged } from "./whenChanged.ts"

/** A trial that has begun and has no result yet. */
export interface BegunTrial {
  readonly trial: Trial
  /** Whether a process works in its folder. */
  readonly isRunning: boolean
  readonly last: (RunLog.RunRecord & { readonly event: "step" }) | undefined
  /** When it was seen first, milliseconds, and after which step. */
  readonly first: { readonly at: number; readonly step: number }
}

/** What is known of a study that goes on. */
export interface WatchedStudy {
  readonly study: Study | undefined
  /** The newest result of every trial of it. */
  readonly records: ReadonlyArray<TrialRecord>
  readonly begun: ReadonlyArray<BegunTrial>
  /** Whether a process works in the study's folder. */
  readonly isHeld: boolean
  /** Why files cannot be read. */
  readonly problems: ReadonlyArray<string>
}

/** Reads the study in a folder, and plans its trials. */
export type ReadStudy = (folder: string) => Effect.Effect<Study, { readonly message: string }, Files>

/** Follows the study in a folder; `look` says whether something is new. */
export const watchStudy = Effect.fn("watch.watchStudy")(function* (folder: string, readStudy: ReadStudy) {
  const path = yield* Path.Path
  const recordsFile = path.join(folder, "trials.jsonl")
  const studyNow = whenChanged(path.join(folder, "study.json"), Effect.result(readStudy(folder)))
  const recordsNow = whenChanged(recordsFile, Effect.result(readTrials(recordsFile)))
  const begunNow = followBegun(path.join(folder, "runs"))
  let [known, lastLooks]: [WatchedStudy, string] = [
    { study: undefined, records: [], begun: [], isHeld: false, problems: [] },
    ""
  ]
  let before: ReadonlyArray<unknown> = []
  const look = Effect.gen(function* () {
    const found = yield* studyNow
    const read = yield* recordsNow
    const study = found === undefined ? undefined : Option.getOrUndefined(Result.getSuccess(found))
    const all = read === undefined ? undefined : Option.getOrUndefined(Result.getSuccess(read))
    const isSame = found === before[0] && read === before[1]
    before = [found, read]
    const records = isSame ? known.records : newestOf(study, all ?? [])
    const { begun, looks } = yield* begunNow(study, records)
    const holder = yield* Effect.option(holderOf({ lock: path.join(folder, "study.lock") }))
    const isHeld = Option.getOrUndefined(holder) !== undefined
    const isNew = !isSame || looks !== lastLooks || isHeld !== known.isHeld
    lastLooks = looks
    known = { study, records, begun, isHeld, problems: [found, read].flatMap(problemOf) }
    return isNew
  })
  return { look, current: Effect.sync(() => known) }
})

const problemOf = (
  result: Result.Result<unknown, { readonly message: string }> | undefined
): ReadonlyArray<string> =>
  result !== undefined && Result.isFailure(result) ? [reasonOf(result.failure)] : []

/** The newest result of each trial that the study consists of. */
const newestOf = (
  study: Study | undefined,
  records: ReadonlyArray<TrialRecord>
): ReadonlyArray<TrialRecord> => {
  const ids = new Set(study?.trials.map(({ id }) => id))
  return [...new Map(records.map((record) => [record.trial, record])).values()].filter(({ trial }) =>
    ids.has(trial)
  )
}

/** What the folders of trials tell that have no result yet; `looks` differs where something has changed. */
const followBegun = (runs: string) => {
  const readers = new Map<string, Effect.Effect<BegunTrial["last"], never, Files>>()
  const first = new Map<string, BegunTrial["first"]>()
  return Effect.fnUntraced(function* (study: Study | undefined, records: ReadonlyArray<TrialRecord>) {
    const fileSystem = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const names = new Set(yield* Effect.orElseSucceed(fileSystem.readDirectory(runs), () => []))
    const over = new Set(records.filter(isOver).map(({ trial }) => trial))
    const trials = (study?.trials ?? []).filter(({ id }) => names.has(id) && !over.has(id))
    const begun: Array<BegunTrial> = []
    for (const trial of trials) {
      const folder = filesOf(path, path.join(runs, trial.id))
      const reader = readers.get(trial.id) ?? whenChanged(folder.metrics, lastStep(folder.metrics))
      readers.set(trial.id, reader)
      const last = yield* reader
      const seen = first.get(trial.id) ?? { at: yield* Clock.currentTimeMillis, step: last?.step ?? 0 }
      first.set(trial.id, seen)
      const isRunning = Option.getOrUndefined(yield* Effect.option(holderOf(folder))) !== undefined
      begun.push({ trial, isRunning, last, first: seen })
    }
    const looks = begun
      .map(({ isRunning, last, trial }) => `${trial.id} ${isRunning} ${last?.step} ${last?.time}`)
      .join("\n")
    return { begun, looks }
  })
}

/** The last event of a log, where it is a step. */
const lastStep = (file: string) =>
  Effect.map(Effect.option(RunLog.readLast(file)), (found) => {
    const last = Option.getOrUndefined(found)
    return last?.event === "step" ? last : undefined
  })
