import type { StepDiagnostics } from "../Diagnostics.ts"

/** A number that says that the run learns nothing, though all of its numbers are finite. */
interface Standstill {
  readonly metric: "featureStd" | "gradientNorm"
  readonly value: number
  /** What it means, and what to do. */
  readonly message: string
}

/**
 * Entries of unit rows are at most 1, and single precision rounds them to 6e-8: features that deviate by less than this
 * are equal but for rounding.
 */
const equalFeatures = 1e-6

type Numbers = Pick<StepDiagnostics["metrics"], Standstill["metric"]>

const metrics = [
  {
    metric: "featureStd",
    isStill: (value: number) => value < equalFeatures,
    message: "all images have the same feature: the encoder has collapsed, or its features are too large"
  },
  {
    metric: "gradientNorm",
    isStill: (value: number) => value === 0,
    message: "the gradient is 0: nothing is learned from here on"
  }
] as const

const hint = "stop the run and lower optimizer.learningRate or optimizer.weightDecay"

/** Tells of each step which standstills begin with it: once, and not again before the number has risen. */
export const standstills = () => {
  let before: ReadonlySet<string> = new Set()
  return (numbers: Numbers): ReadonlyArray<Standstill> => {
    const still = metrics.filter(({ isStill, metric }) => isStill(numbers[metric]))
    const begun = still.filter(({ metric }) => !before.has(metric))
    before = new Set(still.map(({ metric }) => metric))
    return begun.map(({ message, metric }) => ({
      metric,
      value: numbers[metric],
      message: `${message}; ${hint}`
    }))
  }
}
