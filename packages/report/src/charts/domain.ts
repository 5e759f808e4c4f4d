/** How far an axis reaches beyond its values. */
interface Reach {
  /** The axis spans at least this, so that noise does not look like a result. */
  readonly least: number
  /** What the values can be at all. */
  readonly limits: readonly [number, number]
  /** The axis where there are no values. */
  readonly otherwise: readonly [number, number]
}

/** From the lowest to the highest value and a little further. */
export const paddedDomain = (
  values: ReadonlyArray<number>,
  { least, limits, otherwise }: Reach
): ReadonlyArray<number> => {
  if (values.length === 0) return otherwise
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const room = Math.max(0.06 * (high - low), (least - (high - low)) / 2)
  return [Math.max(limits[0], low - room), Math.min(limits[1], high + room)]
}
