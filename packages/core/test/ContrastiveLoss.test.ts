import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { ContrastiveLoss } from "@moco/core/ContrastiveLoss"
import { perQuery } from "@moco/core/Similarities"
import type { StageInvalid } from "@moco/core/Stage"
import { contrastiveLossLaws } from "@moco/core/testing"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, type Layer } from "effect"
import fc from "fast-check"
import { infoNce } from "../src/internal/infoNce.ts"

const variants = [
  ["InfoNCE, T = 0.07", ContrastiveLoss.layerInfoNce({ temperature: 0.07 })],
  ["InfoNCE, T = 1", ContrastiveLoss.layerInfoNce({ temperature: 1 })],
  ["symmetric InfoNCE, T = 0.2", ContrastiveLoss.layerInfoNceSymmetric({ temperature: 0.2 })],
  ["NCE, T = 0.1", ContrastiveLoss.layerNce({ temperature: 0.1 })],
  ["symmetric NCE, T = 0.5", ContrastiveLoss.layerNceSymmetric({ temperature: 0.5 })]
] as const

for (const [name, layer] of variants) describe(`ContrastiveLoss ${name}`, () => contrastiveLossLaws(layer))

const tensorflow = Backend.layerTensorflow({ threads: 2 })

/** Equation 1 of He et al. 2020 in float64, the largest logit taken out first. */
const naive = (
  positives: ReadonlyArray<number>,
  negatives: ReadonlyArray<ReadonlyArray<number>>,
  temperature: number
) => {
  const losses = positives.map((positive, row) => {
    const logits = [positive, ...negatives[row]!].map((similarity) => similarity / temperature)
    const largest = Math.max(...logits)
    const sum = logits.reduce((total, logit) => total + Math.exp(logit - largest), 0)
    return largest + Math.log(sum) - logits[0]!
  })
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length
}

const tensors = (positives: ReadonlyArray<number>, negatives: ReadonlyArray<ReadonlyArray<number>>) => ({
  positive_N1: tf.tensor2d([...positives], [positives.length, 1]),
  negative_NK: tf.tensor2d(negatives.map((row) => [...row]))
})

/** The mean loss alone, of similarities that are written down. */
const meanOf = (positive_N1: tf.Tensor, negative_NK: tf.Tensor, temperature: number) => {
  const similarities = {
    positive_N1: positive_N1 as tf.Tensor2D,
    negatives: perQuery(negative_NK as tf.Tensor2D)
  }
  const { closest_N1, mean } = infoNce(temperature)(similarities, tf.keep)
  closest_N1.dispose()
  return mean
}

const infoNceOf = (
  positives: ReadonlyArray<number>,
  negatives: ReadonlyArray<ReadonlyArray<number>>,
  temperature: number
) =>
  tf.tidy(() => {
    const { negative_NK, positive_N1 } = tensors(positives, negatives)
    return meanOf(positive_N1, negative_NK, temperature).dataSync()[0]!
  })

describe("ContrastiveLoss", () => {
  it.effect("has the value worked out by hand", () =>
    Effect.gen(function* () {
      yield* Backend
      // Logits 2, 1, 0: ln(1 + e^-1 + e^-2).
      assert.closeTo(infoNceOf([1], [[0.5, 0]], 0.5), 0.40760596, 1e-6)
      // A second row whose positive is the smallest logit; label 0 belongs to each row's own positive.
      assert.closeTo(
        infoNceOf(
          [1, 0],
          [
            [0.5, 0],
            [0.5, 1]
          ],
          0.5
        ),
        (0.40760596 + 2.40760596) / 2,
        1e-6
      )
    }).pipe(Effect.provide(tensorflow))
  )

  it.effect("knows its chance level: ln(K + 1)", () =>
    Effect.gen(function* () {
      const { chance } = yield* ContrastiveLoss
      assert.deepStrictEqual(
        [256, 4096, 65536].map((size) => chance(size).toFixed(3)),
        ["5.549", "8.318", "11.090"]
      )
    }).pipe(Effect.provide(ContrastiveLoss.layerInfoNce({ temperature: 0.07 })))
  )

  const cases = fc
    .record({ numQueries: fc.integer({ min: 1, max: 5 }), numNegatives: fc.integer({ min: 1, max: 200 }) })
    .chain(({ numNegatives, numQueries }) => {
      const cosine = fc.float({ min: -1, max: 1, noNaN: true })
      return fc.record({
        positives: fc.array(cosine, { minLength: numQueries, maxLength: numQueries }),
        negatives: fc.array(fc.array(cosine, { minLength: numNegatives, maxLength: numNegatives }), {
          minLength: numQueries,
          maxLength: numQueries
        }),
        temperature: fc.double({ min: 0.01, max: 2, noNaN: true })
      })
    })

  it.effect("always equals the equation in float64", () =>
    Effect.gen(function* () {
      yield* Backend
      fc.assert(
        fc.property(cases, ({ negatives, positives, temperature }) => {
          const expected = naive(positives, negatives, temperature)
          // float32 logits of up to 1 / temperature keep seven digits.
          const tolerance = 2e-6 / temperature + 1e-5 * expected + 1e-6
          assert.closeTo(infoNceOf(positives, negatives, temperature), expected, tolerance)
        })
      )
    }).pipe(Effect.provide(tensorflow))
  )

  it.effect(
    "always has the gradient softmax - 1 at the positive and softmax at the negatives, over N T",
    () =>
      Effect.gen(function* () {
        yield* Backend
        fc.assert(
          fc.property(cases, ({ negatives, positives, temperature }) => {
            const [dPositive, dNegative] = tf.tidy(() => {
              const { negative_NK, positive_N1 } = tensors(positives, negatives)
              const gradient = tf.grads((p, n) => meanOf(p!, n!, temperature))
              return gradient([positive_N1, negative_NK]).map((tensor) => Array.from(tensor.dataSync()))
            }) as [Array<number>, Array<number>]
            positives.forEach((positive, row) => {
              const logits = [positive, ...negatives[row]!].map((similarity) => similarity / temperature)
              const largest = Math.max(...logits)
              const powers = logits.map((logit) => Math.exp(logit - largest))
              const sum = powers.reduce((total, power) => total + power, 0)
              const scale = 1 / (positives.length * temperature)
              // Relative to the largest possible entry, 1 / (N T).
              const tolerance = scale * 1e-4
              assert.closeTo(dPositive[row]!, scale * (powers[0]! / sum - 1), tolerance)
              negatives[row]!.forEach((_, k) => {
                assert.closeTo(
                  dNegative[row * negatives[row]!.length + k]!,
                  (scale * powers[k + 1]!) / sum,
                  tolerance
                )
              })
            })
          })
        )
      }).pipe(Effect.provide(tensorflow))
  )

  it.effect("looks in one direction, or in both with the views exchanged", () =>
    Effect.gen(function* () {
      yield* Backend
      yield* Effect.sync(() => tf.engine().startScope())
      const [viewQ, viewK] = [tf.zeros([1, 1, 1, 1]) as tf.Tensor4D, tf.ones([1, 1, 1, 1]) as tf.Tensor4D]
      const directions = (layer: Layer.Layer<ContrastiveLoss, StageInvalid>) =>
        Effect.map(ContrastiveLoss, (loss) => loss.directions(viewQ, viewK)).pipe(Effect.provide(layer))
      const forward = { query_NHWC: viewQ, key_NHWC: viewK }
      const backward = { query_NHWC: viewK, key_NHWC: viewQ }
      const one = yield* directions(ContrastiveLoss.layerInfoNce({ temperature: 1 }))
      const two = yield* directions(ContrastiveLoss.layerInfoNceSymmetric({ temperature: 1 }))
      assert.isTrue(
        one.length === 1 && one[0]!.query_NHWC === forward.query_NHWC && one[0]!.key_NHWC === forward.key_NHWC
      )
      assert.isTrue(
        two.length === 2 &&
          two[1]!.query_NHWC === backward.query_NHWC &&
          two[1]!.key_NHWC === backward.key_NHWC
      )
      yield* Effect.sync(() => tf.engine().endScope())
    }).pipe(Effect.provide(tensorflow))
  )
})
