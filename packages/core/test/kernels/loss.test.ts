import { assert, it } from "@effect/vitest"
import { valueAndGradients } from "@moco/core/Gradient"
import { type Negatives, negativeSimilarities, perQuery, shared } from "@moco/core/Similarities"
import { assertClose } from "@moco/core/testing"
import * as tf from "@tensorflow/tfjs-core"
import fc from "fast-check"
import { infoNce } from "../../src/internal/infoNce.ts"
import * as composed from "../../src/internal/kernels/composed.ts"
import { crossEntropyOfFirst } from "../../src/internal/kernels/crossEntropy.ts"
import { holdsTogether, type Named, random, seed } from "./observe.ts"
import { onEitherOps } from "./ops.ts"

/** The mean loss alone. */
const meanOf = (positive: tf.Tensor | undefined, negatives: Negatives, temperature: number) => {
  const { closest_N1, mean } = infoNce(temperature)(
    { positive_N1: positive as tf.Tensor2D, negatives },
    tf.keep
  )
  closest_N1.dispose()
  return mean
}

/** The closest negatives alone. */
const closestOf = (negatives: Negatives) =>
  tf.tidy(() => {
    const positive_N1 = tf.zeros<tf.Rank.R2>([negativeSimilarities(negatives).shape[0], 1])
    const { closest_N1 } = infoNce(1)({ positive_N1, negatives }, tf.keep)
    const read = Array.from(closest_N1.dataSync())
    closest_N1.dispose()
    return read
  })

onEitherOps("losses", (onTensorflow) => {
  it.effect("always give the cross-entropy of the first column as the composed form does", () =>
    onTensorflow(() => {
      fc.assert(
        fc.property(
          fc.integer({ min: 1, max: 6 }),
          fc.integer({ min: 1, max: 40 }),
          seed,
          (rows, columns, seed) => {
            holdsTogether(
              ({ logits }) => crossEntropyOfFirst(logits as tf.Tensor2D),
              ({ logits }) => composed.crossEntropyOfFirst(logits as tf.Tensor2D),
              () => ({ logits: tf.mul(random([rows, columns], seed), 5) })
            )
          }
        )
      )
    })
  )

  it.effect("always give InfoNCE as the composed form does, with the same gradients", () =>
    onTensorflow(() => {
      const shape = fc.record({
        queries: fc.integer({ min: 1, max: 5 }),
        negatives: fc.integer({ min: 1, max: 70 }),
        temperature: fc.constantFrom(0.07, 0.2, 1),
        seed
      })
      fc.assert(
        fc.property(shape, ({ negatives, queries, seed, temperature }) => {
          holdsTogether(
            ({ negative, positive }) => meanOf(positive, perQuery(negative as tf.Tensor2D), temperature),
            ({ negative, positive }) =>
              composed.crossEntropyOfFirst(
                tf.div(tf.concat([positive!, negative!], 1), temperature) as tf.Tensor2D
              ),
            () => ({
              positive: tf.tanh(random([queries, 1], seed)),
              negative: tf.tanh(random([queries, negatives], seed + 1))
            })
          )
        })
      )
    })
  )

  it.effect("compare with more keys than are summed in single precision", () =>
    onTensorflow(() => {
      holdsTogether(
        ({ negative, positive }) => meanOf(positive, perQuery(negative as tf.Tensor2D), 0.2),
        ({ negative, positive }) =>
          composed.crossEntropyOfFirst(tf.div(tf.concat([positive!, negative!], 1), 0.2) as tf.Tensor2D),
        () => ({ positive: tf.tanh(random([3, 1], 1)), negative: tf.tanh(random([3, 3005], 2)) })
      )
    })
  )

  // Sizes that fill neither the own op's blocks nor its vectors, and more of them than one of its tasks takes.
  for (const [queries, negatives, size] of [
    [3, 1, 5],
    [130, 131, 16],
    [17, 4099, 7],
    [129, 2048, 33],
    [5, 2500, 150]
  ] as const) {
    it.effect(`give InfoNCE of ${queries} queries and ${negatives} shared negatives of ${size} numbers`, () =>
      onTensorflow(() => {
        tf.tidy(() => {
          const key_KD = random([negatives, size], 3) as tf.Tensor2D
          const query_ND = random([queries, size], 2) as tf.Tensor2D
          const written = (query_ND: tf.Tensor2D) =>
            perQuery(tf.matMul<tf.Tensor2D>(query_ND, key_KD, false, true))
          const loss = (negativesOf: (query_ND: tf.Tensor2D) => Negatives) => (inputs: Named) =>
            meanOf(inputs["positive"], negativesOf(inputs["query"] as tf.Tensor2D), 0.7)
          holdsTogether(
            loss((query_ND) => shared(query_ND, key_KD)),
            loss(written),
            () => ({ positive: random([queries, 1], 1), query: random([queries, size], 2) })
          )
          assertClose(closestOf(shared(query_ND, key_KD)), closestOf(written(query_ND)), 1e-6)
        })
      })
    )
  }

  it.effect("give the loss of shared negatives that are far below their positives, and far above", () =>
    onTensorflow(() => {
      tf.tidy(() => {
        const [temperature, numNegatives] = [0.01, 5000]
        const query_ND = tf.tensor2d([[1, 0]])
        const key_KD = tf.tile(tf.tensor2d([[0.5, 0]]), [numNegatives, 1])
        const loss = (positive: number) =>
          meanOf(tf.tensor2d([[positive]]), shared(query_ND, key_KD), temperature).dataSync()[0]!
        // Logits of 50, and of 1,000 or -1,000: nothing is left of the smaller ones.
        assert.strictEqual(loss(10), 0)
        assert.closeTo(loss(-10), 1050 + Math.log(numNegatives), 1e-3)
      })
    })
  )

  for (const [where, query, last] of [
    ["query", Number.NaN, 1],
    ["the last of the keys", 1, Number.NaN]
  ] as const) {
    it.effect(`never hide that a number of ${where} is none`, () =>
      onTensorflow(() => {
        tf.tidy(() => {
          const keys = Array.from({ length: 2500 }, (_, k) => [k === 2499 ? last : 1, 0])
          const negatives = shared(tf.tensor2d([[query, 0]]), tf.tensor2d(keys))
          assert.isNaN(meanOf(tf.tensor2d([[1000]]), negatives, 0.1).dataSync()[0])
        })
      })
    )
  }

  it.effect("give no gradient to shared negatives, which are constant", () =>
    onTensorflow(() => {
      tf.tidy(() => {
        const inputs = { query: random([3, 4], 1), key: random([5, 4], 2) }
        const { gradients } = valueAndGradients(
          ({ key, query }) => meanOf(tf.zeros([3, 1]), shared(query as tf.Tensor2D, key as tf.Tensor2D), 0.5),
          inputs
        )
        assert.isUndefined(gradients["key"])
        assert.isAbove(tf.norm(gradients["query"]!).dataSync()[0]!, 0)
      })
    })
  )
})
