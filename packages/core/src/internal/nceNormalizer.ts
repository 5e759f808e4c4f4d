import { Effect } from "effect"
import { type LossNumbers, type LossState, mismatch } from "../LossState.ts"

/**
 * Part of the negatives that must be features before the normalizer is kept. Below 1, since an epoch leaves out the images
 * that do not fill a batch.
 */
const filled = 0.9

/** The state of noise-contrastive estimation. */
export interface NceNormalizer extends LossState {
  /** ln(Z / M) that is kept; nothing while the bank fills. */
  readonly kept: () => number | undefined
}

/**
 * Z / M, by which noise-contrastive estimation makes probabilities of similarities: the mean of `exp(s / T)` over the bank.
 *
 * Wu et al. 2018 (section 3.2) take it from the first batch and keep it. There the bank is random, and features are a
 * hundred to ten thousand times more alike by this measure, from which a short run does not recover. Here it is
 * taken from the first step whose negatives are features, 9 in 10 of them, and kept from there on; each step before is
 * normalised by its own negatives, which are uniform draws from the bank. One that follows the bank for good lets
 * features become more and more alike (docs/nce.md).
 *
 * A logarithm, since the mean overflows at low temperatures.
 *
 * @param temperature  T, unitless
 */
export const nceNormalizer = (temperature: number): NceNormalizer => {
  let state: State = { logNormalizer: 0, isKept: 0 }
  const kept = () => (state.isKept === 1 ? state.logNormalizer : undefined)
  return {
    kept,
    settle: (observations, fill) => {
      const next: State =
        state.isKept === 1 ? state : { logNormalizer: logMean(observations), isKept: fill >= filled ? 1 : 0 }
      return {
        numbers: { ...next },
        commit: () => {
          state = next
        }
      }
    },
    snapshot: () => ({ ...state }),
    restore: (snapshot) => {
      const problem = problemOf(snapshot, temperature)
      if (problem !== undefined) return Effect.fail(mismatch(problem))
      return Effect.sync(() => {
        state = { logNormalizer: snapshot["logNormalizer"]!, isKept: snapshot["isKept"] === 1 ? 1 : 0 }
      })
    }
  }
}

interface State {
  /** ln(Z / M): the one that is kept, or what the last step was normalised by; 0 before the first. */
  readonly logNormalizer: number
  /** 1 where it is kept, else 0. */
  readonly isKept: 0 | 1
}

/** Cosines are at most 1; in float32 a little more. */
const largestCosine = 1.001

const problemOf = (
  { isKept, logNormalizer, ...foreign }: LossNumbers,
  temperature: number
): string | undefined => {
  if (logNormalizer === undefined || isKept === undefined) {
    const name = logNormalizer === undefined ? "logNormalizer" : "isKept"
    return `${name} is missing, and noise-contrastive estimation goes on by the normalizer that it has begun with`
  }
  const largest = largestCosine / temperature
  if (!(Math.abs(logNormalizer) <= largest)) {
    return `logNormalizer is ${logNormalizer} and should lie between -${largest} and ${largest}`
  }
  if (isKept !== 0 && isKept !== 1) return `isKept is ${isKept} and should be 0 or 1`
  const [other] = Object.keys(foreign)
  return other === undefined ? undefined : `${other} has no place`
}

/** ln of the mean of exp(x). */
const logMean = (values: ReadonlyArray<number>): number => {
  const largest = Math.max(...values)
  const sum = values.reduce((total, value) => total + Math.exp(value - largest), 0)
  return largest + Math.log(sum / values.length)
}
