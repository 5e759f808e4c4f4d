import { largest, smallest } from "../extent.ts"
import { notationOf } from "../quantity.ts"

/** How far an axis of values in this unit reaches. */
interface Reach {
  /** The axis spans at least this, so that noise does not look like a result; by default what is usual for the unit. */
  readonly least?: number
}

/**
 * An axis for values in a unit, as they are drawn: from the lowest to the highest and a little further, within what they
 * can be at all, and not below 0 where none of them is.
 */
export const domainIn = (
  unit: string,
  values: ReadonlyArray<number>,
  { least = notationOf(unit).least }: Reach = {}
): ReadonlyArray<number> => {
  const { limits } = notationOf(unit)
  if (values.length === 0) return [0, Number.isFinite(limits[1]) ? limits[1] : 1]
  const [low, high] = [smallest(values), largest(values)]
  const span = Math.max(least, leastPart * Math.max(Math.abs(low), Math.abs(high)))
  const room = Math.max(0.06 * (high - low), (span - (high - low)) / 2)
  const floor = low >= 0 ? Math.max(0, limits[0]) : limits[0]
  return [Math.max(floor, low - room), Math.min(limits[1], high + room)]
}

/** Of the largest value: without it values that are equal would have an axis without a length. */
const leastPart = 0.01
