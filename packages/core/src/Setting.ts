import { Schema } from "effect"

/**
 * What settings are made of. A number has both bounds, each far above what anybody uses, so that a value beyond it is a
 * slip, and what is computed from it stays exact and finite. What it counts or measures is its `unit`; a number without
 * one says `unitless`.
 */

/** A count: a whole number from 1. */
export const upTo = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 1, maximum }))

/** A number above 0. */
export const positiveUpTo = (maximum: number) =>
  Schema.Finite.check(Schema.isGreaterThan(0), Schema.isLessThanOrEqualTo(maximum))

/** A number between two that may be reached. */
export const between = (minimum: number, maximum: number) =>
  Schema.Finite.check(Schema.isBetween({ minimum, maximum }))

/** A part that is not the whole: 0 to below 1. */
export const belowOne = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0), Schema.isLessThan(1))

/** Divides similarities: one of 1 divided by the least temperature, or by the most, is a float32 that differs from 0. */
export const temperature = between(1e-6, 1e6)

/** Seeds of everything random. */
export const seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xffff_ffff }))

/** MoCo's largest queue has 65,536 keys, the memory bank of ImageNet 1.3 million entries. */
export const dictionarySize = upTo(100_000_000)
