import { dot, type Evaluated, lineSearch, type Objective } from "./lineSearch.ts"

/**
 * Limited-memory BFGS (Nocedal and Wright 2006, algorithms 7.4 and 7.5), with a line search for the strong Wolfe conditions.
 * Numbers are float64; a state is never changed, so a run is left and taken up between any two iterations.
 */

/** A step that was made: how the point and the gradient changed, and one over their product. */
interface Step {
  readonly point: Float64Array
  readonly gradient: Float64Array
  readonly inverse: number
}

export interface LbfgsState extends Evaluated {
  readonly point: Float64Array
  readonly steps: ReadonlyArray<Step>
  readonly iterations: number
  /** How often the objective was asked. */
  readonly evaluations: number
  /**
   * Why there is no next iteration: the gradient is below the tolerance, the value does not fall by a sensible part of itself
   * any more, or no point of the line does better than the present one, as where float32 ends.
   */
  readonly stopped: "gradient" | "value" | "line search" | undefined
}

interface LbfgsSettings {
  /** Largest entry of a gradient that counts as none. */
  readonly tolerance: number
  /** Part of its value by which an iteration must improve it. */
  readonly relativeChange: number
  /** Steps that the curvature is taken from. */
  readonly history: number
}

/** As scipy's L-BFGS-B is set by scikit-learn's LogisticRegression. */
export const defaultLbfgs: LbfgsSettings = {
  tolerance: 1e-4,
  relativeChange: 64 * Number.EPSILON,
  history: 10
}

/** The state at a first point. */
export const startLbfgs = (
  objective: Objective,
  point: Float64Array,
  settings: LbfgsSettings
): LbfgsState => {
  const { gradient, value } = objective(point)
  const stopped = largest(gradient) <= settings.tolerance ? "gradient" : undefined
  return { point, value, gradient, steps: [], iterations: 0, evaluations: 1, stopped }
}

/** One iteration: a direction, a point along it, and what was learnt of the curvature. */
export const iterateLbfgs = (
  objective: Objective,
  state: LbfgsState,
  settings: LbfgsSettings
): LbfgsState => {
  const direction = directionOf(state)
  const firstLength = state.steps.length === 0 ? Math.min(1, 1 / Math.sqrt(dot(direction, direction))) : 1
  const { evaluations, found } = lineSearch(objective, state, direction, firstLength)
  const asked = { iterations: state.iterations + 1, evaluations: state.evaluations + evaluations }
  if (found === undefined) {
    // What was learnt of the curvature may be wrong: once more down the gradient itself, before it is given up.
    return { ...state, ...asked, steps: [], stopped: state.steps.length === 0 ? "line search" : undefined }
  }
  const step = stepBetween(state, found)
  const steps = step === undefined ? state.steps : [...state.steps, step].slice(-settings.history)
  return { ...found, steps, ...asked, stopped: reasonToStop(state, found, settings) }
}

const reasonToStop = (before: Evaluated, after: Evaluated, settings: LbfgsSettings) => {
  if (largest(after.gradient) <= settings.tolerance) return "gradient"
  const scale = Math.max(Math.abs(before.value), Math.abs(after.value), 1)
  return before.value - after.value <= settings.relativeChange * scale ? "value" : undefined
}

/** The two loops of algorithm 7.4: minus the approximate inverse Hessian times the gradient. */
const directionOf = ({ gradient, steps }: LbfgsState): Float64Array => {
  const direction = gradient.map((entry) => -entry)
  const newestFirst = steps.toReversed()
  const parts = newestFirst.map((step) => {
    const part = step.inverse * dot(step.point, direction)
    addTo(direction, step.gradient, -part)
    return part
  })
  const newest = newestFirst[0]
  if (newest !== undefined) {
    const scale = 1 / (newest.inverse * dot(newest.gradient, newest.gradient))
    for (let at = 0; at < direction.length; at++) direction[at]! *= scale
  }
  for (const [place, step] of steps.entries()) {
    const back = step.inverse * dot(step.gradient, direction)
    addTo(direction, step.point, parts[steps.length - 1 - place]! - back)
  }
  return direction
}

/** Absent where the curvature along the step is not above 0: it would spoil what is known. */
const stepBetween = (
  before: LbfgsState,
  after: Evaluated & { readonly point: Float64Array }
): Step | undefined => {
  const point = after.point.map((entry, at) => entry - before.point[at]!)
  const gradient = after.gradient.map((entry, at) => entry - before.gradient[at]!)
  const curvature = dot(point, gradient)
  return curvature > Number.EPSILON * dot(gradient, gradient)
    ? { point, gradient, inverse: 1 / curvature }
    : undefined
}

const addTo = (sum: Float64Array, other: Float64Array, scale: number): void => {
  for (let at = 0; at < sum.length; at++) sum[at]! += scale * other[at]!
}

const largest = (values: Float64Array): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
