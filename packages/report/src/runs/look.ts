import * as SafeFile from "@moco/core/SafeFile"
import { type Measurement, withNewer } from "@moco/evaluation/Measurement"
import { loadManifest } from "@moco/train/Checkpoint/load"
import type { Manifest } from "@moco/train/Checkpoint/manifest"
import { folderName, steps } from "@moco/train/Checkpoint/store"
import * as FolderLock from "@moco/train/FolderLock"
import type { RunConfig } from "@moco/train/RunConfig"
import { shorten } from "@moco/train/RunConfig/Problem"
import { readConfig } from "@moco/train/RunFolder"
import { refuseStrange } from "@moco/train/RunFolder/contents"
import { filesOf, type RunFolder } from "@moco/train/RunFolder/files"
import { type Scanned, scanLog } from "@moco/train/RunLog/scan"
import { Effect, FileSystem, Option, Path, Result } from "effect"
import { largest } from "../extent.ts"
import { type Facts, stepsTaken } from "./state.ts"

/** What was found out about a run, however damaged it is. */
export interface LookedAt extends Facts {
  readonly folder: RunFolder
  readonly config: RunConfig | undefined
  /** The newest of every metric and subject. */
  readonly measurements: ReadonlyArray<Measurement>
  readonly trainingSeconds: number | undefined
  readonly evaluationSeconds: number | undefined
  readonly numSteps: number
  /** When something was last written down of it, milliseconds. */
  readonly writtenAt: number | undefined
}

/** How a run is looked at. */
interface LookOptions {
  /**
   * `end`: of a long log only what stands behind the newest checkpoint, which knows what was measured before; `whole`: all
   * of it.
   */
  readonly log: "end" | "whole"
  /** What its study says of how it has failed. */
  readonly failure?: Facts["failure"]
}

/** Looks at the run in a folder, and changes nothing in it. Nothing that is wrong with it makes this fail. */
export const lookAt = Effect.fn("runs.lookAt")(function* (folderPath: string, options: LookOptions) {
  const path = yield* Path.Path
  const folder = filesOf(path, folderPath)
  const strange = yield* Effect.result(refuseStrange(folder))
  const held = yield* Effect.result(holderOf(folder))
  const holder = Result.isSuccess(held) ? held.success : undefined
  if (Result.isFailure(strange)) return unread(folder, holder, reasonOf(strange.failure))
  const config = yield* Effect.result(readConfig(folder))
  const newest = yield* newestManifest(folder)
  const log = yield* Effect.result(readLog(folder, newest, options))
  const read = Result.isSuccess(log) ? log.success : { log: undefined, base: newest }
  const failedStep = yield* newestFailed(folder)
  const hasEncoder = (yield* isThere(folder.encoder)) && (yield* isThere(folder.encoderCard))
  const damage = [
    ...(Result.isFailure(config) ? [reasonOf(config.failure)] : []),
    ...(Result.isFailure(log) ? [reasonOf(log.failure)] : []),
    ...(read.log?.problems ?? []).map(({ problem }) => `metrics.jsonl: ${problem}`),
    ...(Result.isFailure(held) ? [reasonOf(held.failure)] : [])
  ]
  const known = { log: read.log, newest }
  const looked: LookedAt = {
    ...known,
    ...{ folder, holder, damage, failedStep, hasEncoder, failure: options.failure },
    config: Result.isSuccess(config) ? config.success : undefined,
    ...progressOf(read.log, read.base),
    numSteps: stepsTaken(known),
    writtenAt: yield* writtenAt(folder, read.log)
  }
  return looked
})

/** Who cannot be seen from here gives a sign of life every two seconds; nothing is taken over by this, so fewer are waited for. */
export const holderOf = ({ lock }: Pick<RunFolder, "lock">) =>
  Effect.provideService(FolderLock.holderOf(lock), FolderLock.Heartbeat, {
    every: "2 seconds",
    missedFor: "5 seconds"
  })

/** A run of which nothing is read: a file of it would lead elsewhere. */
const unread = (folder: RunFolder, holder: string | undefined, problem: string): LookedAt => ({
  ...{ folder, holder, damage: [problem], log: undefined, newest: undefined, failedStep: undefined },
  ...{ hasEncoder: false, failure: undefined, config: undefined, measurements: [], numSteps: 0 },
  ...{ trainingSeconds: undefined, evaluationSeconds: undefined, writtenAt: undefined }
})

/** The first line of what an error says, without its advice; where that is a heading, the line behind it too. */
export const reasonOf = ({ message }: { readonly message: string }): string => {
  const [first = "", second = ""] = message.split("\n", 2)
  return shorten(first.endsWith(":") ? `${first} ${second.trim()}` : first, 500)
}

/** So many damaged ones are passed over. */
const maxTried = 3

const newestManifest = Effect.fnUntraced(function* ({ checkpoints }: RunFolder) {
  const path = yield* Path.Path
  const all = yield* Effect.orElseSucceed(steps(checkpoints), (): ReadonlyArray<number> => [])
  for (const step of all.slice(0, maxTried)) {
    const found = yield* Effect.option(loadManifest(path.join(checkpoints, folderName(step))))
    if (Option.isSome(found)) return found.value
  }
  return undefined
})

/** Step of the newest checkpoint that was set aside because its next step failed. */
export const newestFailed = Effect.fnUntraced(function* ({ checkpoints }: RunFolder) {
  const fileSystem = yield* FileSystem.FileSystem
  const names = yield* Effect.orElseSucceed(fileSystem.readDirectory(checkpoints), () => [])
  const failed = names.flatMap((name) => /^(\d{9,})\.failed$/.exec(name)?.[1] ?? []).map(Number)
  return failed.length === 0 ? undefined : largest(failed)
})

export const isThere = (file: string) =>
  Effect.map(Effect.orElseSucceed(SafeFile.lstat(file), Option.none), Option.isSome)

/** Bytes before what a checkpoint knows that are read all the same: the last step is among them. */
const behind = 2 ** 15

/** What the log tells behind what is known of it, or as a whole; nothing where there is none. */
const readLog = Effect.fnUntraced(function* (
  { metrics }: RunFolder,
  newest: Manifest | undefined,
  options: LookOptions
) {
  const info = yield* Effect.orElseSucceed(SafeFile.lstat(metrics), Option.none)
  if (Option.isNone(info)) return { log: undefined, base: newest }
  const since = newest?.progress.logPosition ?? 0
  // A log that is shorter than a checkpoint says is another one, or was cut.
  if (since > Number(info.value.size)) return { log: yield* scanLog(metrics), base: undefined }
  const from = options.log === "end" ? Math.max(0, since - behind) : 0
  return { log: yield* scanLog(metrics, { from, since }), base: newest }
})

type Log = Scanned | undefined

/** What was measured, and how long it took, as the log and the newest checkpoint know it together. */
const progressOf = (log: Log, newest: Manifest | undefined) => {
  const events = log?.events ?? []
  const measurements = events
    .flatMap((event) => (event.event === "evaluation" ? [event.measurements] : []))
    .reduce(withNewer, newest?.progress.measurements ?? [])
  const last = events.at(-1)
  if (last?.event === "finished") {
    const { evaluationSeconds, trainingSeconds } = last
    return { measurements, evaluationSeconds, trainingSeconds }
  }
  const { evaluationSeconds, trainingSeconds = 0 } = newest?.progress ?? {}
  const isKnown = newest !== undefined || log !== undefined
  return {
    measurements,
    evaluationSeconds,
    trainingSeconds: isKnown ? trainingSeconds + (log?.stepSeconds ?? 0) : undefined
  }
}

/** By the last line of the log; where it has none, by its config. */
const writtenAt = Effect.fnUntraced(function* (folder: RunFolder, log: Log) {
  const times = [log?.events.at(-1)?.time, log?.lastStep?.time].flatMap((time) => {
    const at = time === undefined ? Number.NaN : Date.parse(time)
    return Number.isFinite(at) ? [at] : []
  })
  if (times.length > 0) return Math.max(...times)
  const info = yield* Effect.orElseSucceed(SafeFile.lstat(folder.config), Option.none)
  return Option.getOrUndefined(
    Option.map(
      Option.flatMap(info, ({ mtime }) => mtime),
      (time) => time.getTime()
    )
  )
})
