import { it } from "@effect/vitest"
import { type Negatives, negativeSimilarities, own, shared } from "@moco/core/Similarities"
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
            ({ negative, positive }) => meanOf(positive, own(negative as tf.Tensor2D), temperature),
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
        ({ negative, positive }) => meanOf(positive, own(negative as tf.Tensor2D), 0.2),
        ({ negative, positive }) =>
          composed.crossEntropyOfFirst(tf.div(tf.concat([positive!, negative!], 1), 0.2) as tf.Tensor2D),
        () => ({ positive: tf.tanh(random([3, 1], 1)), negative: tf.tanh(random([3, 3005], 2)) })
      )
    })
  )

  // More queries than a task of the own op takes, more negatives, and sizes that fill neither its blocks nor vectors.
  for (const [queries, negatives, size] of [
    [3, 1, 5],
    [130, 131, 16],
    [17, 4099, 7],
    [129, 2048, 33]
  ] as const) {
    it.effect(`give InfoNCE of ${queries} queries and ${negatives} shared negatives of ${size} numbers`, () =>
      onTensorflow(() => {
        const key_KD = random([negatives, size], 3) as tf.Tensor2D
        const loss = (negativesOf: (query_ND: tf.Tensor2D) => Negatives) => (inputs: Named) =>
          meanOf(inputs["positive"], negativesOf(inputs["query"] as tf.Tensor2D), 0.7)
        holdsTogether(
          loss((query_ND) => shared(query_ND, key_KD)),
          loss((query_ND) => own(negativeSimilarities(shared(query_ND, key_KD)))),
          () => ({ positive: random([queries, 1], 1), query: random([queries, size], 2) })
        )
        key_KD.dispose()
      })
    )
  }
})
