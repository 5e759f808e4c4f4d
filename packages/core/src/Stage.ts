import { Effect, Result, Schema } from "effect"

/**
 * A stage was given something that it cannot work with, and was not built. Every stage says so in this one way, before
 * the first step: a matrix error, or a number that is none, would come later and name something else.
 */
export class StageInvalid extends Schema.TaggedError<StageInvalid>()("StageInvalid", {
  /** The service or the module that was to be built. */
  stage: Schema.String,
  field: Schema.String,
  value: Schema.String,
  problem: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `${this.stage}: ${this.field} = ${this.value}: ${this.problem}\n  ${this.hint}`
  }
}

/** Something that a stage needs, and whether it has it: `problem` says what is wrong, where something is. */
export interface Need {
  readonly field: string
  readonly value: unknown
  readonly problem: string | undefined
  readonly hint: string
}

/** Fails with the first need that is not met. */
export const check = (stage: string, ...needs: ReadonlyArray<Need>): Effect.Effect<void, StageInvalid> => {
  const unmet = firstUnmet(stage, needs)
  return unmet === undefined ? Effect.void : Effect.fail(unmet)
}

/** The first need that is not met, as the error that says so. */
export const firstUnmet = (stage: string, needs: ReadonlyArray<Need>): StageInvalid | undefined => {
  for (const { field, hint, problem, value } of needs) {
    if (problem !== undefined) return new StageInvalid({ stage, field, value: render(value), problem, hint })
  }
  return undefined
}

/** `problem` is what is wrong where `holds` is false. */
export const that = (holds: boolean, field: string, value: unknown, problem: string, hint: string): Need => ({
  field,
  value,
  problem: holds ? undefined : problem,
  hint
})

/** A whole number of at least `minimum`. */
export const count = (field: string, value: number, hint: string, minimum = 1): Need =>
  that(
    Number.isSafeInteger(value) && value >= minimum,
    field,
    value,
    `must be an integer of at least ${minimum}`,
    hint
  )

/** A number above 0 that float32 can hold and divide by: smaller ones are 0 there, and their inverse is infinite. */
export const positive = (field: string, value: number, hint: string): Need =>
  that(
    value > 0 && Number.isFinite(Math.fround(value)) && Number.isFinite(Math.fround(1 / Math.fround(value))),
    field,
    value,
    "must be a number above 0, and not beyond what float32 holds",
    hint
  )

/** A number of 0 or more that is finite in float32. */
export const notNegative = (field: string, value: number, hint: string): Need =>
  that(value >= 0 && Number.isFinite(Math.fround(value)), field, value, "must be a number of 0 or more", hint)

/** 0 to 1; `below` leaves 1 out. */
export const fraction = (field: string, value: number, hint: string, below = false): Need =>
  that(
    value >= 0 && (below ? value < 1 : value <= 1),
    field,
    value,
    below ? "must be at least 0 and less than 1" : "must be at least 0 and at most 1",
    hint
  )

/** A number that a config may hold as well, within the same bounds: those of its Schema. */
export const setting = (field: string, schema: Schema.Codec<number>, value: number, hint: string): Need => {
  const decoded = Schema.decodeUnknownResult(schema)(value)
  const problem = Result.isFailure(decoded) ? decoded.failure.message : ""
  return that(Result.isSuccess(decoded), field, value, problem.replace(/^Expected/, "must be"), hint)
}

/** What every random draw begins with: an unsigned 32-bit integer. */
export const seed = (value: number): Need =>
  that(
    Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff,
    "seed",
    value,
    "must be an integer of at least 0 and below 2^32",
    "two runs of one seed are the same run"
  )

const maxValue = 60

const render = (value: unknown): string => {
  const text = typeof value === "number" ? String(value) : (JSON.stringify(value) ?? String(value))
  return text.length <= maxValue ? text : `${text.slice(0, maxValue - 3).toWellFormed()}...`
}
