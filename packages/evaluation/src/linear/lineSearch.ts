/** A value and its gradient at a point. */
export interface Evaluated {
  readonly value: number
  readonly gradient: Float64Array
}
export type Objective = (point: Float64Array) => Evaluated

/** Sufficient decrease and curvature of the strong Wolfe conditions (Nocedal and Wright 2006, equations 3.7). */
const [decrease, curvature] = [1e-4, 0.9]

const maxEvaluations = 50

interface Start extends Evaluated {
  readonly point: Float64Array
}

/** A place on the line: how far along, the value there, and its slope along the direction. */
interface Place {
  readonly length: number
  readonly value: number
  readonly slope: number
  readonly at: Start
}

interface Searched {
  /** Absent where no point that was looked at is better than the start. */
  readonly found: Start | undefined
  readonly evaluations: number
}

/**
 * Looks along a direction for a point of the strong Wolfe conditions (Nocedal and Wright 2006, algorithms 3.5 and 3.6, with
 * places from the minimum of a cubic). Where the numbers end before one is found: the best point that is below the start.
 */
export const lineSearch = (
  objective: Objective,
  start: Start,
  direction: Float64Array,
  firstLength: number
): Searched => {
  const origin: Place = { length: 0, value: start.value, slope: dot(start.gradient, direction), at: start }
  if (!(origin.slope < 0)) return { found: undefined, evaluations: 0 }
  const placeAt = (length: number): Place => {
    const point = start.point.map((entry, at) => entry + length * direction[at]!)
    const { gradient, value } = objective(point)
    return { length, value, slope: dot(gradient, direction), at: { point, value, gradient } }
  }
  // The minimum lies between the best place so far and the other end, which is absent as long as it only went down.
  let best = origin
  let end: Place | undefined
  let length = firstLength
  for (let evaluations = 1; evaluations <= maxEvaluations; evaluations++) {
    const place = placeAt(length)
    const isLow = place.value <= origin.value + decrease * length * origin.slope && place.value < best.value
    if (isLow && Math.abs(place.slope) <= -curvature * origin.slope) return { found: place.at, evaluations }
    if (isLow) {
      // The end is where the slope of the better place points away from.
      if (place.slope * ((end?.length ?? Number.POSITIVE_INFINITY) - best.length) >= 0) end = best
      best = place
    } else end = place
    const next = end === undefined ? 2 * length : minimumBetween(best, end)
    if (next === length || Math.abs(next - best.length) <= 1e-12 * Math.max(1, length)) {
      return { found: betterThan(origin, best), evaluations }
    }
    length = next
  }
  return { found: betterThan(origin, best), evaluations: maxEvaluations }
}

const betterThan = (origin: Place, best: Place): Start | undefined =>
  best.value < origin.value ? best.at : undefined

/** The minimum of the cubic through two places with their slopes (equation 3.59), kept off both ends. */
const minimumBetween = (a: Place, b: Place): number => {
  const [low, high] = [Math.min(a.length, b.length), Math.max(a.length, b.length)]
  const margin = 0.1 * (high - low)
  const d1 = a.slope + b.slope - (3 * (a.value - b.value)) / (a.length - b.length)
  const square = d1 * d1 - a.slope * b.slope
  const d2 = Math.sign(b.length - a.length) * Math.sqrt(square)
  const minimum = b.length - ((b.length - a.length) * (b.slope + d2 - d1)) / (b.slope - a.slope + 2 * d2)
  return Number.isFinite(minimum)
    ? Math.min(high - margin, Math.max(low + margin, minimum))
    : (low + high) / 2
}

export const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0
  for (let at = 0; at < a.length; at++) sum += a[at]! * b[at]!
  return sum
}
