/** Takes values to pixels. */
export type Scale = (value: number) => number

/** From `domain` to `range`, in proportion. */
export const linear = (
  [from, to]: readonly [number, number],
  [start, end]: readonly [number, number]
): Scale => {
  const span = to - from
  return (value) => (span === 0 ? (start + end) / 2 : start + ((value - from) / span) * (end - start))
}

/** Round numbers within a domain, about `count` of them, 1, 2 or 5 times a power of ten apart. */
export const ticks = ([from, to]: readonly [number, number], count: number): ReadonlyArray<number> => {
  const span = to - from
  if (!(span > 0) || !Number.isFinite(span)) return Number.isFinite(from) ? [from] : []
  const power = 10 ** Math.floor(Math.log10(span / count))
  const step = power * ([1, 2, 5].find((factor) => span / (power * factor) <= count) ?? 10)
  const first = Math.ceil(from / step - slack)
  const last = Math.floor(to / step + slack)
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => rounded((first + i) * step))
}

/** Of a step, so that rounding does not cost the last tick. */
const slack = 1e-6

/** Without the digits that a multiplication has added. */
const rounded = (value: number): number => Number(value.toPrecision(12))

/** Made once: it takes longer than a chart. */
const digits = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 6 })

/** A tick as it is written: `0.05`, `1,000`, `3e-5`. */
export const tickText = (value: number): string => {
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential().replace("e+", "e")
  return digits.format(value)
}
