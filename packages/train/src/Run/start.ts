import * as Escape from "@moco/core/Escape"
import { Effect, Path } from "effect"
import type { CheckpointCorrupt } from "../Checkpoint/errors.ts"
import { newestGood, type StoredCheckpoint } from "../Checkpoint/load.ts"
import type { RunProgress } from "../Checkpoint/manifest.ts"
import { initialOf, weightsIn } from "../InitialWeights/files.ts"
import type { GivenWeights } from "../InitialWeights.ts"
import { progressUnder } from "../RunConfig/continuation.ts"
import { configDifferences, type Difference, isFree, permissionOf } from "../RunConfig/differences.ts"
import { numTraining } from "../RunConfig/images.ts"
import { shorten } from "../RunConfig/Problem.ts"
import { applyOverrides, ConfigInvalid, type RunConfig } from "../RunConfig.ts"
import * as RunFolder from "../RunFolder.ts"
import { ConfigChanged, InitialWeightsChanged } from "./errors.ts"
import { warning } from "./RunMessages.ts"

/** A new run, or, in a folder that holds one of the same config which was stopped, that one. */
export interface NewRun {
  readonly config: RunConfig
  /** The run's folder; left out, the next `runs/<recipe>-<n>`. */
  readonly folder?: string | undefined
  /** A safetensors file, or the folder of a run that has ended, with weights to begin with. */
  readonly initFrom?: string | undefined
}

/** A run that goes on with its own config, and with what may change laid over it. */
export interface ResumedRun {
  readonly resume: string
  /** By dotted path; values as for `--set`, e.g. `{ "training.epochs": "20" }`. */
  readonly sets?: Readonly<Record<string, string>>
  /** Opens a run that has reached its end too, to be evaluated or exported; there is nothing to train then. */
  readonly mayBeFinished?: boolean
}

export type RunSource = NewRun | ResumedRun

/** Asked once the config of a run is known, before anything is made for it. */
export type Approve<E> = (config: RunConfig) => Effect.Effect<void, E>

/** Where a run begins: a config, a folder if one was named, and what to go on from. */
export interface RunStart {
  readonly config: RunConfig
  readonly folder: RunFolder.HeldRunFolder | undefined
  readonly from: StoredCheckpoint | undefined
  /** How far the run is in `from`; what was measured in another way than the config says is left out. */
  readonly progress: RunProgress | undefined
  /** Weights that the run begins, or has begun, with in place of the seed's. */
  readonly initial: GivenWeights | undefined
  /** The config that the run has been on its way with. */
  readonly begun: RunConfig
}

/** Decides between a new run and one that goes on. The folder, where one is named, is locked with the Scope. */
export const startOf = Effect.fn("Run.startOf")(function* <E>(source: RunSource, approve: Approve<E>) {
  if ("resume" in source) return yield* resumed(source, approve)
  const config = yield* withWholePath(source.config)
  yield* approve(config)
  const given = source.initFrom === undefined ? undefined : yield* weightsIn(source.initFrom)
  if (source.folder === undefined) return startWith({ config, begun: config, initial: given })
  const { folder, holds } = yield* RunFolder.open(source.folder)
  const from = holds === "nothing" ? undefined : yield* newestGood(folder.checkpoints, tellOfDamage)
  const begun = holds === "nothing" ? config : yield* begunWith(folder, from)
  yield* requireSame(folder, begun, config, isFree)
  const initial = holds === "nothing" ? given : yield* initialOf(folder, from?.manifest.initialWeights)
  yield* requireSameWeights(folder.path, initial, given)
  return startWith({ config, begun, folder, from, initial })
})

/** A run that goes on from another folder looks for its images where they are. */
const withWholePath = (config: RunConfig) =>
  Effect.map(Path.Path, ({ resolve }): RunConfig => {
    const { data } = config
    return data.files
      ? { ...config, data: { ...data, files: { ...data.files, path: resolve(data.files.path) } } }
      : config
  })

const startWith = ({
  begun,
  config,
  folder,
  from,
  initial
}: Pick<RunStart, "config" | "begun" | "initial"> & Partial<RunStart>): RunStart => {
  const progress = from && progressUnder(config, begun, from.manifest.progress)
  return { config, begun, folder, from, progress, initial }
}

/** A run that is begun again by the same command goes on, and the weights that it has begun with are part of it. */
const requireSameWeights = Effect.fnUntraced(function* (
  path: string,
  initial: GivenWeights | undefined,
  given: GivenWeights | undefined
) {
  if (initial?.sha256 === given?.sha256) return
  return yield* new InitialWeightsChanged({ path, before: originOf(initial), now: originOf(given) })
})

const originOf = (weights: GivenWeights | undefined): string =>
  weights === undefined ? "those of its seed" : `those of ${shorten(weights.source, 300)}`

/** Tells that a checkpoint was passed over. */
export const tellOfDamage = (error: CheckpointCorrupt): Effect.Effect<void> =>
  warning(`${Escape.message(error)}; an older one is used`)

/** A run that is continued by its folder alone: its own config, with what may change laid over it. */
const resumed = Effect.fnUntraced(function* <E>(
  { mayBeFinished = false, resume: path, sets = {} }: ResumedRun,
  approve: Approve<E>
) {
  const exists = yield* RunFolder.exists(path)
  if (!exists) return yield* new RunFolder.RunFolderEmpty({ path, problem: "there is no such folder" })
  const { folder, holds } = yield* RunFolder.open(path, { mayBeFinished: true })
  if (holds === "nothing")
    return yield* new RunFolder.RunFolderEmpty({ path, problem: "it has no run log and no checkpoint" })
  const from = yield* newestGood(folder.checkpoints, tellOfDamage)
  const begun = yield* begunWith(folder, from)
  const config = yield* withWholePath(yield* applyOverrides(begun, [], sets))
  yield* requireSame(folder, begun, config, ({ path }) => permissionOf(path) !== "mustMatch")
  yield* approve(config)
  yield* requireNotPassed(path, config, from, knownStepsPerEpoch(config))
  if (holds === "finished run" && !mayBeFinished) yield* requireLonger(path, begun, config, from)
  const initial = yield* initialOf(folder, from?.manifest.initialWeights)
  return startWith({ config, begun, folder, from, initial })
})

/** A run that has reached its end goes on where it is to be longer, and its last state is there. */
const requireLonger = Effect.fnUntraced(function* (
  path: string,
  begun: RunConfig,
  config: RunConfig,
  from: StoredCheckpoint | undefined
) {
  const { epochs } = begun.training
  if (config.training.epochs <= epochs) return yield* RunFolder.reachedItsEnd(path, epochs)
  if (from === undefined) {
    const problem = "it has reached its end, and its checkpoints are gone"
    return yield* new RunFolder.RunFolderEmpty({ path, problem })
  }
})

/** A run may be made shorter, but not than it is. */
export const requireNotPassed = Effect.fnUntraced(function* (
  path: string,
  config: RunConfig,
  from: StoredCheckpoint | undefined,
  stepsPerEpoch: number
) {
  const taken = (from?.manifest.progress.step ?? 0) / stepsPerEpoch
  const { epochs } = config.training
  if (epochs >= taken) return
  const problem = `is less than the ${Number(taken.toFixed(2))} epochs that the run in ${path} has trained`
  const hint = `give ${Math.ceil(taken)} or more: a run cannot be taken back`
  return yield* new ConfigInvalid({
    problems: [{ path: "training.epochs", value: String(epochs), problem, hint }]
  })
})

/** Steps of an epoch, as far as they are known before the images are; of images that a program brings they are not. */
const knownStepsPerEpoch = (config: RunConfig): number =>
  Math.floor((numTraining(config) ?? Number.POSITIVE_INFINITY) / config.training.batchSize)

/** The config that a run has begun with: its newest checkpoint's, or before there was one, that in its folder. */
const begunWith = Effect.fnUntraced(function* (
  folder: RunFolder.RunFolder,
  from: StoredCheckpoint | undefined
) {
  return from?.manifest.config ?? (yield* RunFolder.readConfig(folder))
})

const requireSame = Effect.fnUntraced(function* (
  folder: RunFolder.RunFolder,
  begun: RunConfig,
  config: RunConfig,
  mayDiffer: (difference: Difference) => boolean
) {
  const differences = configDifferences(begun, config).filter((difference) => !mayDiffer(difference))
  if (differences.length > 0) return yield* new ConfigChanged({ path: folder.path, differences })
})
