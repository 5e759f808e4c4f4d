import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { ContrastiveLoss } from "@moco/core/ContrastiveLoss"
import { perQuery } from "@moco/core/Similarities"
import { TensorLeak } from "@moco/core/testing"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import fc from "fast-check"
import { nce } from "../src/internal/nce.ts"

const tensorflow = Backend.layerTensorflow({ threads: 2 })

interface Case {
  readonly positives: ReadonlyArray<number>
  readonly negatives: ReadonlyArray<ReadonlyArray<number>>
  readonly temperature: number
  readonly normalizer: number
}

/** Posterior that a sample is data, and that it is noise (Wu et al. 2018, equations 4 and 6), in float64. */
const posterior = (
  similarity: number,
  { negatives, normalizer, temperature }: Case,
  numImages: number
): { readonly data: number; readonly noise: number } => {
  const numNegatives = negatives[0]!.length
  const probability = Math.exp(similarity / temperature) / (numImages * normalizer)
  const drawn = numNegatives / numImages
  return { data: probability / (probability + drawn), noise: drawn / (probability + drawn) }
}

/** Equation 7 in float64: `-ln h(positive) - sum ln(1 - h(negative))`, the mean over queries. */
const naive = (given: Case, numImages: number) => {
  const losses = given.positives.map((positive, row) =>
    given.negatives[row]!.reduce(
      (loss, negative) => loss - Math.log(posterior(negative, given, numImages).noise),
      -Math.log(posterior(positive, given, numImages).data)
    )
  )
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length
}

const tensors = ({ negatives, positives }: Pick<Case, "negatives" | "positives">) => ({
  positive_N1: tf.tensor2d([...positives], [positives.length, 1]),
  negative_NK: tf.tensor2d(negatives.map((row) => [...row]))
})

const settingsOf = ({ normalizer, temperature }: Case) => ({
  temperature,
  logNormalizer: Math.log(normalizer)
})

const nceOf = (given: Case) =>
  tf.tidy(() => {
    const { negative_NK, positive_N1 } = tensors(given)
    return nce(positive_N1, negative_NK, settingsOf(given)).dataSync()[0]!
  })

const sizes = fc.record({
  numQueries: fc.integer({ min: 1, max: 5 }),
  numNegatives: fc.integer({ min: 1, max: 100 })
})
const cases: fc.Arbitrary<Case> = sizes.chain(({ numNegatives, numQueries }) => {
  const cosine = fc.integer({ min: -1000, max: 1000 }).map((value) => value / 1000)
  const row = fc.array(cosine, { minLength: numNegatives, maxLength: numNegatives })
  return fc.record({
    positives: fc.array(cosine, { minLength: numQueries, maxLength: numQueries }),
    negatives: fc.array(row, { minLength: numQueries, maxLength: numQueries }),
    // exp(1 / 0.005) is far beyond float32: the loss must not go through it.
    temperature: fc.integer({ min: 5, max: 2000 }).map((value) => value / 1000),
    normalizer: fc.integer({ min: -50, max: 100 }).map((value) => Math.exp(value / 10))
  })
})

/** float32 logits, each a difference of two numbers of this size, keep seven digits. */
const precision = ({ normalizer, temperature }: Case) =>
  5e-7 * (10 + 1 / temperature + Math.abs(Math.log(normalizer)))

/**
 * T = 0.5, K = 2 and Z / M = e / 2, so that a similarity of 0.5 has M P = e / (e / 2) = 2 = K and a posterior of 1/2;
 * a similarity of 0 has M P = 2 / e and a posterior of noise of 2 / (2 + 2 / e).
 */
const byHand = { positives: [0.5], negatives: [[0.5, 0]], temperature: 0.5, normalizer: Math.E / 2 }
const valueByHand = 2 * Math.LN2 + Math.log(1 + 1 / Math.E)

describe("Nce", () => {
  it.effect("has the value worked out by hand", () =>
    Effect.gen(function* () {
      yield* Backend
      assert.closeTo(valueByHand, 1.699556, 1e-6)
      assert.closeTo(nceOf(byHand), valueByHand, 1e-6)
      // A second query adds -ln(1/2) - 2 ln(1/2); the loss is the mean of the two.
      const two = { ...byHand, positives: [0.5, 0.5], negatives: [...byHand.negatives, [0.5, 0.5]] }
      assert.closeTo(nceOf(two), (valueByHand + 3 * Math.LN2) / 2, 1e-6)
    }).pipe(Effect.provide(tensorflow))
  )

  it.effect("always equals equations 4 to 7 of Wu et al. in float64, whatever the number of images", () =>
    Effect.gen(function* () {
      yield* Backend
      const numImages = fc.integer({ min: 1, max: 2e6 })
      const property = fc.property(cases, numImages, (given, images) => {
        const expected = naive(given, images)
        assert.closeTo(nceOf(given), expected, 1e-6 + precision(given) * expected)
      })
      yield* TensorLeak.check(Effect.sync(() => fc.assert(property)))
    }).pipe(Effect.provide(tensorflow))
  )

  it.effect("always has the gradient -P(noise) at the positive and P(data) at the negatives, over N T", () =>
    Effect.gen(function* () {
      yield* Backend
      fc.assert(
        fc.property(cases, (given) => {
          const [dPositive, dNegative] = tf.tidy(() => {
            const { negative_NK, positive_N1 } = tensors(given)
            const gradient = tf.grads((p, n) => nce(p as tf.Tensor2D, n as tf.Tensor2D, settingsOf(given)))
            return gradient([positive_N1, negative_NK]).map((tensor) => Array.from(tensor.dataSync()))
          }) as [Array<number>, Array<number>]
          const scale = 1 / (given.positives.length * given.temperature)
          const tolerance = scale * (1e-6 + precision(given))
          given.positives.forEach((positive, row) => {
            assert.closeTo(dPositive[row]!, -scale * posterior(positive, given, 7).noise, tolerance)
          })
          given.negatives.flat().forEach((negative, i) => {
            assert.closeTo(dNegative[i]!, scale * posterior(negative, given, 7).data, tolerance)
          })
        })
      )
    }).pipe(Effect.provide(tensorflow))
  )

  for (const [name, layer, numDirections] of [
    ["one direction", ContrastiveLoss.layerNce, 1],
    ["both directions", ContrastiveLoss.layerNceSymmetric, 2]
  ] as const)
    it.effect(`is the mean of a loss that looks in ${name}`, () =>
      Effect.gen(function* () {
        yield* Backend
        const { compare, directions, state } = yield* ContrastiveLoss
        yield* state!.restore({ logRandom: 0, logNormalizer: Math.log(byHand.normalizer), isKept: 1 })
        tf.tidy(() => {
          const { negative_NK, positive_N1 } = tensors(byHand)
          const { closest_N1, mean } = compare({ positive_N1, negatives: perQuery(negative_NK) }, tf.keep)
          assert.closeTo(mean.dataSync()[0]!, valueByHand, 1e-6)
          closest_N1.dispose()
          const [viewQ, viewK] = [tf.zeros<tf.Rank.R4>([1, 1, 1, 1]), tf.ones<tf.Rank.R4>([1, 1, 1, 1])]
          const looked = directions(viewQ, viewK)
          const expected = [
            [viewQ, viewK],
            [viewK, viewQ]
          ].slice(0, numDirections)
          assert.strictEqual(looked.length, numDirections)
          looked.forEach(({ key_NHWC, query_NHWC }, direction) => {
            assert.strictEqual(query_NHWC, expected[direction]![0])
            assert.strictEqual(key_NHWC, expected[direction]![1])
          })
        })
      }).pipe(Effect.provide(Layer.provideMerge(layer(byHand), tensorflow)))
    )
})
