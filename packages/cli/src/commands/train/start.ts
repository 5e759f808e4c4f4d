import type { CheckpointCorrupt } from "@moco/train/Checkpoint/errors"
import type { StoredCheckpoint } from "@moco/train/Checkpoint/load"
import { newestGood } from "@moco/train/Checkpoint/load"
import { applyOverrides, decode, type RunConfig } from "@moco/train/RunConfig"
import { configDifferences, isFree } from "@moco/train/RunConfig/differences"
import * as RunFolder from "@moco/train/RunFolder"
import { Console, Effect, Option, Schema } from "effect"
import { readStructuredFile } from "../../readStructuredFile.ts"
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
      "  leave these as they were, or start a new run with another --out"
    ].join("\n")
  }
}

/** Two flags of which one makes the other meaningless. */
export class FlagsContradict extends Schema.TaggedError<FlagsContradict>()("FlagsContradict", {
  flags: Schema.String,
  problem: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `${this.flags}: ${this.problem}\n  ${this.hint}`
  }
}

/** Where a run begins: a config, a folder if one was named, and what to go on from. */
export interface RunStart {
  readonly config: RunConfig
  readonly folder: RunFolder.HeldRunFolder | undefined
  readonly from: StoredCheckpoint | undefined
}

/** What the command line says about it. */
export interface StartFlags extends ConfigFlags {
  readonly out: Option.Option<string>
  readonly resume: Option.Option<string>
}

/** Decides between a new run and one that goes on. The folder, where one is named, is locked with the Scope. */
export const startOf = Effect.fn("cli.startOf")(function* (flags: StartFlags) {
  if (Option.isSome(flags.resume)) return yield* resumed(flags.resume.value, flags)
  const config = yield* resolveConfig(flags)
  if (Option.isNone(flags.out)) return { config, folder: undefined, from: undefined } satisfies RunStart
  const { folder, holds } = yield* RunFolder.open(flags.out.value)
  const from = holds === "nothing" ? undefined : yield* newestGood(folder.checkpoints, tellOfDamage)
  if (holds === "interrupted run") yield* requireSame(folder, from, config)
  const start: RunStart = { config, folder, from }
  return start
})

/** Says on standard error that a checkpoint was passed over. */
export const tellOfDamage = ({ message }: CheckpointCorrupt): Effect.Effect<void> =>
  Console.error(`warning: ${message}; an older one is used`)

/** A run that is continued by its folder alone: its own config, with what may change laid over it. */
const resumed = Effect.fnUntraced(function* (path: string, flags: StartFlags) {
  for (const name of ["recipe", "config", "out"] as const) {
    const value = flags[name]
    if (Option.isSome(value)) {
      return yield* new FlagsContradict({
        flags: `--resume=${path} and --${name}=${value.value}`,
        problem: "a run that goes on has its recipe, config and folder already",
        hint: `leave --${name} away, or start a new run without --resume`
      })
    }
  }
  const exists = yield* RunFolder.exists(path)
  if (!exists) return yield* new RunFolder.RunFolderEmpty({ path, problem: "there is no such folder" })
  const { folder, holds } = yield* RunFolder.open(path)
  if (holds === "nothing")
    return yield* new RunFolder.RunFolderEmpty({ path, problem: "it has no run log and no checkpoint" })
  const from = yield* newestGood(folder.checkpoints, tellOfDamage)
  const begun = yield* begunWith(folder, from)
  const config = yield* applyOverrides(begun, [], yield* setsOf(flags))
  yield* requireSame(folder, from, config)
  const start: RunStart = { config, folder, from }
  return start
})

/** The config that a run has begun with: its newest checkpoint's, or before there was one, that in its folder. */
const begunWith = Effect.fnUntraced(function* (
  folder: RunFolder.RunFolder,
  from: StoredCheckpoint | undefined
) {
  return from?.manifest.config ?? (yield* decode(yield* readStructuredFile("config", folder.config)))
})

const requireSame = Effect.fnUntraced(function* (
  folder: RunFolder.RunFolder,
  from: StoredCheckpoint | undefined,
  config: RunConfig
) {
  const begun = yield* begunWith(folder, from)
  const differences = configDifferences(begun, config).filter((difference) => !isFree(difference))
  if (differences.length > 0) return yield* new ConfigChanged({ path: folder.path, differences })
})
