import * as Escape from "@moco/core/Escape"
import { shellQuoted } from "@moco/core/shellQuoted"
import type { CheckpointCorrupt } from "@moco/train/Checkpoint/errors"
import type { StoredCheckpoint } from "@moco/train/Checkpoint/load"
import { newestGood } from "@moco/train/Checkpoint/load"
import type { RunProgress } from "@moco/train/Checkpoint/manifest"
import type { GivenWeights } from "@moco/train/InitialWeights"
import { initialIn, weightsIn } from "@moco/train/InitialWeights/files"
import { applyOverrides, ConfigInvalid, decodeStored, type RunConfig } from "@moco/train/RunConfig"
import { progressUnder } from "@moco/train/RunConfig/continuation"
import {
  changeable,
  configDifferences,
  type Difference,
  isFree,
  permissionOf
} from "@moco/train/RunConfig/differences"
import { shorten } from "@moco/train/RunConfig/Problem"
import { numTraining } from "@moco/train/RunConfig/rules"
import * as RunFolder from "@moco/train/RunFolder"
import { readStructuredFile } from "@moco/train/readStructuredFile"
import { Console, Effect, Option, Schema } from "effect"
import { FlagsInvalid } from "../../FlagsInvalid.ts"
import { requireUsed } from "../../requireUsed.ts"
import { type ConfigFlags, resolveConfig, setsOf } from "./resolveConfig.ts"

/** A run cannot go on with another config than it has begun with. */
export class ConfigChanged extends Schema.TaggedError<ConfigChanged>()("ConfigChanged", {
  path: Schema.String,
  differences: Schema.Array(Schema.Struct({ path: Schema.String, before: Schema.String, now: Schema.String }))
}) {
  override get message() {
    const lines = this.differences.map(({ before, now, path }) => `  ${path} was ${before} and is ${now}`)
    return [
      `the run in ${this.path} has begun with another config:`,
      ...lines,
      `  leave these as they were, or start a new run with another --out; with --resume may change: ${changeable.join(", ")}`
    ].join("\n")
  }
}

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

/** What the command line says about it. */
export interface StartFlags extends ConfigFlags {
  readonly out: Option.Option<string>
  readonly resume: Option.Option<string>
  readonly initFrom: Option.Option<string>
  readonly dataDir: Option.Option<string>
}

/** Decides between a new run and one that goes on. The folder, where one is named, is locked with the Scope. */
export const startOf = Effect.fn("cli.startOf")(function* (flags: StartFlags) {
  if (Option.isSome(flags.resume)) return yield* resumed(flags.resume.value, flags)
  const config = yield* resolveConfig(flags)
  yield* requireUsed(flags.dataDir, [config])
  const given = Option.isNone(flags.initFrom) ? undefined : yield* weightsIn(flags.initFrom.value)
  if (Option.isNone(flags.out)) return startWith({ config, begun: config, initial: given })
  const { folder, holds } = yield* RunFolder.open(flags.out.value)
  const from = holds === "nothing" ? undefined : yield* newestGood(folder.checkpoints, tellOfDamage)
  const begun = holds === "nothing" ? config : yield* begunWith(folder, from)
  yield* requireSame(folder, begun, config, isFree)
  const initial = holds === "nothing" ? given : yield* initialIn(folder)
  yield* requireSameWeights(folder.path, initial, given)
  return startWith({ config, begun, folder, from, initial })
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
  const began = initial === undefined ? "those of its seed" : `those of ${shorten(initial.source, 300)}`
  return yield* new FlagsInvalid({
    flags: `--out=${path} and ${given === undefined ? "no --init-from" : `--init-from=${given.source}`}`,
    problem: `the run in ${path} has begun with other weights, ${began}`,
    hint: `go on with it by --resume=${shellQuoted(path)}, or start a new run with another --out`
  })
})

/** Says on standard error that a checkpoint was passed over. */
export const tellOfDamage = (error: CheckpointCorrupt): Effect.Effect<void> =>
  Console.error(`warning: ${Escape.message(error)}; an older one is used`)

/** A run that is continued by its folder alone: its own config, with what may change laid over it. */
const resumed = Effect.fnUntraced(function* (path: string, flags: StartFlags) {
  for (const [name, flag] of [
    ["recipe", "recipe"],
    ["config", "config"],
    ["out", "out"],
    ["initFrom", "init-from"]
  ] as const) {
    const value = flags[name]
    if (Option.isSome(value)) {
      return yield* new FlagsInvalid({
        flags: `--resume=${path} and --${flag}=${value.value}`,
        problem: "a run that goes on has its recipe, config, folder and weights already",
        hint: `leave --${flag} away, or start a new run without --resume`
      })
    }
  }
  const exists = yield* RunFolder.exists(path)
  if (!exists) return yield* new RunFolder.RunFolderEmpty({ path, problem: "there is no such folder" })
  const { folder, holds } = yield* RunFolder.open(path, { mayBeFinished: true })
  if (holds === "nothing")
    return yield* new RunFolder.RunFolderEmpty({ path, problem: "it has no run log and no checkpoint" })
  const from = yield* newestGood(folder.checkpoints, tellOfDamage)
  const begun = yield* begunWith(folder, from)
  const config = yield* applyOverrides(begun, [], yield* setsOf(flags))
  yield* requireSame(folder, begun, config, ({ path }) => permissionOf(path) !== "mustMatch")
  yield* requireUsed(flags.dataDir, [config])
  yield* requireNotPassed(path, config, from)
  if (holds === "finished run") yield* requireLonger(path, begun, config, from)
  return startWith({ config, begun, folder, from, initial: yield* initialIn(folder) })
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
const requireNotPassed = Effect.fnUntraced(function* (
  path: string,
  config: RunConfig,
  from: StoredCheckpoint | undefined
) {
  const stepsPerEpoch = Math.floor(numTraining(config) / config.training.batchSize)
  const taken = (from?.manifest.progress.step ?? 0) / stepsPerEpoch
  const { epochs } = config.training
  if (epochs >= taken) return
  const problem = `is less than the ${Number(taken.toFixed(2))} epochs that the run in ${path} has trained`
  const hint = `give ${Math.ceil(taken)} or more: a run cannot be taken back`
  return yield* new ConfigInvalid({
    problems: [{ path: "training.epochs", value: String(epochs), problem, hint }]
  })
})

/** The config that a run has begun with: its newest checkpoint's, or before there was one, that in its folder. */
const begunWith = Effect.fnUntraced(function* (
  folder: RunFolder.RunFolder,
  from: StoredCheckpoint | undefined
) {
  return from?.manifest.config ?? (yield* decodeStored(yield* readStructuredFile("config", folder.config)))
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
