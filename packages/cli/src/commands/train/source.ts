import type { RunSource } from "@moco/train/Run"
import { Effect, Option } from "effect"
import { FlagsInvalid } from "../../FlagsInvalid.ts"
import { type ConfigFlags, resolveConfig, setsOf } from "./resolveConfig.ts"

/** What the command line says about where a run begins. */
export interface SourceFlags extends ConfigFlags {
  readonly out: Option.Option<string>
  readonly resume: Option.Option<string>
  readonly initFrom: Option.Option<string>
}

/** A run that goes on has all of these already. */
const ofNewRuns = [
  ["recipe", "recipe"],
  ["config", "config"],
  ["data", "data"],
  ["out", "out"],
  ["initFrom", "init-from"]
] as const

/** The run that the flags ask for: a new one, or one that goes on. */
export const sourceOf = Effect.fn("cli.sourceOf")(function* (flags: SourceFlags) {
  if (Option.isSome(flags.resume)) {
    const resume = flags.resume.value
    for (const [name, flag] of ofNewRuns) {
      const value = flags[name]
      if (Option.isSome(value)) {
        return yield* new FlagsInvalid({
          flags: `--resume=${resume} and --${flag}=${value.value}`,
          problem: "a run that goes on has its recipe, config, images, folder and weights already",
          hint: `leave --${flag} away, or start a new run without --resume`
        })
      }
    }
    return { resume, sets: yield* setsOf(flags) } satisfies RunSource as RunSource
  }
  const source: RunSource = {
    config: yield* resolveConfig(flags),
    folder: Option.getOrUndefined(flags.out),
    initFrom: Option.getOrUndefined(flags.initFrom)
  }
  return source
})
