import { Effect } from "effect"
import { type LossNumbers, type LossState, mismatch } from "../LossState.ts"

/** Negatives of a step that must be features, by expectation, before Z / M is taken from them. */
const enough = 32

/** Part of the negatives that is always enough: an epoch leaves out the images that do not fill a batch. */
const filled = 0.9

/** The state of noise-contrastive estimation. */
export interface NceNormalizer extends LossState {
  /** ln(Z / M) that is kept; nothing before it was taken. */
  readonly kept: () => number | undefined
}

/**
 * Z / M, by which noise-contrastive estimation makes probabilities of similarities: the mean of `exp(s / T)` over entries.
 *
 * Wu et al. 2018 (section 3.2) take it from the first batch and keep it. There all entries are random, and features are a
 * hundred to ten thousand times more alike by this measure, from which a short run does not recover. Here it is the
 * mean over the first negatives that are features. Of a step's mean, a part `fill` is theirs, and the rest that of
 * random entries, which the first step shows: `(mean - (1 - fill) * random) / fill`, in the first step in which 32 of
 * K negatives are features. It is kept from there on; the few steps before are normalised by their own negatives. What else
 * was tried is in docs/nce.md.
 *
 * All of it as logarithms, since the mean overflows at low temperatures.
 *
 * @param temperature  T, unitless
 */
export const nceNormalizer = (temperature: number): NceNormalizer => {
  let state: State = { logRandom: 0, logNormalizer: 0, isKept: 0 }
  const kept = () => (state.isKept === 1 ? state.logNormalizer : undefined)
  return {
    kept,
    settle: (observations, fill) => {
      const next = state.isKept === 1 ? state : learned(state, observations, fill, temperature)
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
        const { logNormalizer, logRandom } = snapshot as unknown as State
        state = { logRandom, logNormalizer, isKept: snapshot["isKept"] === 1 ? 1 : 0 }
      })
    }
  }
}

interface State {
  /** ln of the mean over random entries, from the steps before the first feature; 0 before the first step. */
  readonly logRandom: number
  /** ln(Z / M): the one that is kept, or what the last step was normalised by; 0 before the first step. */
  readonly logNormalizer: number
  /** 1 where it is kept, else 0. */
  readonly isKept: 0 | 1
}

/**
 * @param observations  of each direction: `logMean`, ln of the mean of `exp(s / T)` over queries and negatives, and
 *   `numNegatives`, K
 */
const learned = (
  state: State,
  observations: ReadonlyArray<LossNumbers>,
  fill: number,
  temperature: number
): State => {
  const logNormalizer = logMean(observations.map((observation) => observation["logMean"]!))
  const logRandom = fill === 0 ? logNormalizer : state.logRandom
  const isEnough = fill >= Math.min(filled, enough / observations[0]!["numNegatives"]!)
  const partOfFeatures = 1 - (1 - fill) * Math.exp(logRandom - logNormalizer)
  if (!isEnough || partOfFeatures <= 0) return { logRandom, logNormalizer, isKept: 0 }
  const ofFeatures = logNormalizer + Math.log(partOfFeatures / fill)
  // More of the draws may have been features than were to be expected; no mean is above exp(1 / T).
  return { logRandom, logNormalizer: Math.min(ofFeatures, 1 / temperature), isKept: 1 }
}

/** Of a logarithm of a mean in float32, divided by the part of the bank that was seen. */
const roundingError = 0.01

/** Cosines are at most 1; in float32 a little more. */
const largestCosine = 1.001

const problemOf = (
  { isKept, logNormalizer, logRandom, ...foreign }: LossNumbers,
  temperature: number
): string | undefined => {
  for (const [name, value] of Object.entries({ logNormalizer, logRandom, isKept })) {
    if (value === undefined) {
      return `${name} is missing, as in checkpoints from before NCE had a state: such a run has to begin anew`
    }
  }
  const largest = largestCosine / temperature + roundingError
  for (const [name, value] of Object.entries({ logNormalizer, logRandom })) {
    if (!(Math.abs(value!) <= largest))
      return `${name} is ${value} and should lie between -${largest} and ${largest}`
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
