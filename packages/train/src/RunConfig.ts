import { Effect, Result, Schema } from "effect"
import { MachineMemory } from "./MachineMemory.ts"
import { isSection, layerOfSets, overlay } from "./RunConfig/overrides.ts"
import { describeProblems } from "./RunConfig/Problem.ts"
import { renamed } from "./RunConfig/renamed.ts"
import { ruleProblems } from "./RunConfig/rules.ts"
import { RunConfig } from "./RunConfig/schema.ts"
import { schemaProblems } from "./RunConfig/schemaProblems.ts"
import { upgradeConfig } from "./RunConfig/stored.ts"

export type { Problem } from "./RunConfig/Problem.ts"
export { RunConfig } from "./RunConfig/schema.ts"
export { type Warning, warnings } from "./RunConfig/warnings.ts"

/** A config that no run can be started with; `problems` lists everything that is wrong with it. */
export class ConfigInvalid extends Schema.TaggedError<ConfigInvalid>()("ConfigInvalid", {
  problems: Schema.Array(
    Schema.Struct({ path: Schema.String, value: Schema.String, problem: Schema.String, hint: Schema.String })
  )
}) {
  override get message() {
    return describeProblems("the config", this.problems)
  }
}

/**
 * Checks a config from outside: every range, every unknown or missing key, every rule between fields, all at once; then
 * whether the run could fit into the memory that there is.
 */
export const decode = Effect.fn("RunConfig.decode")(function* (input: unknown) {
  const decoded = yield* Effect.result(decodeSchema(input))
  const found = Result.isFailure(decoded)
    ? schemaProblems(decoded.failure.issue, RunConfig.ast, input, renamed)
    : []
  const problems = [...found, ...ruleProblems(input, found, yield* MachineMemory)]
  if (Result.isFailure(decoded) || problems.length > 0) return yield* new ConfigInvalid({ problems })
  return decoded.success
})

/**
 * The config that a run folder holds: its settings may be those that there were when the run began. It may have been
 * written on another machine, so whether the run fits into this one's memory is asked where it is to run.
 */
export const decodeStored = (input: unknown) =>
  Effect.provideService(decode(upgradeConfig(input)), MachineMemory, Number.POSITIVE_INFINITY)

/**
 * The config that results from laying `layers` (parts of a config, as read from a file) and then `sets`
 * (`path=value` pairs; values are JSON where they can be read as JSON, else text) over `base`.
 */
export const applyOverrides = (
  base: RunConfig,
  layers: ReadonlyArray<unknown>,
  sets: Readonly<Record<string, string>>
): Effect.Effect<RunConfig, ConfigInvalid> => {
  const all = [base, ...layers, layerOfSets(sets)]
  const noSection = all.find((layer) => !isSection(layer))
  return decode(noSection ?? all.reduce((below, layer) => overlay(RunConfig.ast, below, layer)))
}

const decodeSchema = Schema.decodeUnknownEffect(RunConfig, { errors: "all", onExcessProperty: "error" })
