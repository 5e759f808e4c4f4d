/** The largest of some numbers, however many, and at least `least`; unlike a spread it needs no room on the stack. */
export const largest = (values: ReadonlyArray<number>, least = Number.NEGATIVE_INFINITY): number =>
  values.reduce((most, value) => Math.max(most, value), least)

/** The smallest of some numbers, however many. */
export const smallest = (values: ReadonlyArray<number>): number =>
  values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY)
