import { Backend } from "@moco/core/Backend"
import { QueryEncoder } from "@moco/core/Encoder"
import { threadsIn } from "@moco/core/EnvironmentInvalid"
import * as Escape from "@moco/core/Escape"
import * as SafeFile from "@moco/core/SafeFile"
import { Dataset } from "@moco/data/Dataset"
import { ByteSize, Effect, FileSystem, Option } from "effect"
import { type Fingerprint, fingerprintDifferences, fingerprintOf } from "../Checkpoint/fingerprint.ts"
import type { StoredCheckpoint } from "../Checkpoint/load.ts"
import type { Stages } from "../PretrainLayers.ts"
import type { RunConfig } from "../RunConfig.ts"
import { environment } from "../RunFolder/environment.ts"
import * as RunFolder from "../RunFolder.ts"
import { RunState } from "../RunState.ts"
import { beginWith } from "./beginWith.ts"
import { changeOf } from "./goOnWith.ts"
import { info, warning } from "./RunMessages.ts"
import type { RunStart } from "./start.ts"

/** Puts a run's folder and state to where its first step, or its next one, begins. */
export const prepare = Effect.fn("Run.prepare")(function* (
  start: RunStart,
  folder: RunFolder.RunFolder,
  stages: Stages
) {
  const { config, from } = start
  const isThere = yield* RunFolder.hold(folder)
  const change = yield* changeOf(start)
  if (change === undefined) yield* RunFolder.writeConfig(folder, config)
  const fingerprint = yield* announce(config, folder)
  const initialised = yield* beginWith(start, folder)
  if (from !== undefined) yield* restore(from, fingerprint)
  yield* cutLog(folder.metrics, from?.manifest.progress.logPosition ?? 0)
  const ownNetwork = stages.encoder === undefined ? undefined : (yield* QueryEncoder).network
  return { isThere, change, fingerprint, initialised, ownNetwork }
})

/** What {@link prepare} has found out. */
export type Prepared = Effect.Success<ReturnType<typeof prepare>>

/** Writes down what is about to run, and says so. */
const announce = Effect.fnUntraced(function* (config: RunConfig, folder: RunFolder.RunFolder) {
  const backend = yield* Backend
  const dataset = yield* Dataset
  const threads = threadsIn(process.env, config.backend.threads)
  const found = yield* environment(backend, threads)
  yield* RunFolder.writeEnvironment(folder, found)
  const { test, train } = dataset
  yield* info(
    [
      `${config.recipe}, seed ${config.seed}: ${train.numImages} images of ${dataset.name}, evaluated on ${test?.numImages ?? "none"}`,
      `${backend.name} ${Escape.line(backend.version)} on ${backend.device}, ${threads} ${threads === 1 ? "thread" : "threads"}`,
      `run folder: ${Escape.line(folder.path)}`
    ].join("\n")
  )
  return fingerprintOf(backend, threads, found.cpu)
})

/** Puts a checkpoint's state in place; where the machine is another one, says that bits may differ. */
const restore = Effect.fnUntraced(function* (
  { manifest, parts }: StoredCheckpoint,
  fingerprint: Fingerprint
) {
  const state = yield* RunState
  for (const difference of fingerprintDifferences(manifest.fingerprint, fingerprint)) {
    yield* warning(`${Escape.line(difference)}: the run goes on, and its last bits may differ`)
  }
  yield* state.restore({ parts, counters: manifest.counters })
  yield* info(`goes on after step ${manifest.progress.step}`)
})

/** Removes from the log what belongs to steps that are taken again. */
const cutLog = Effect.fnUntraced(function* (metrics: string, position: number) {
  const fileSystem = yield* FileSystem.FileSystem
  const found = yield* Effect.option(fileSystem.stat(metrics))
  if (Option.isNone(found) && position === 0) return
  const size = Option.match(found, { onNone: () => 0, onSome: ({ size }) => Number(ByteSize.toBigInt(size)) })
  if (size >= position) return yield* RunFolder.unwritable(metrics)(SafeFile.cut(metrics, position))
  const missing = `${Escape.line(metrics)} ends ${position - size} bytes before the checkpoint was made`
  yield* warning(`${missing}: the run goes on, and these lines are lost`)
})
