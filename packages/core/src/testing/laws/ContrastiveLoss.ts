// biome-ignore-all lint/correctness/noUndeclaredDependencies: for tests only, whose tools belong to the root
import { assert, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, type Layer } from "effect"
import fc from "fast-check"
import { Backend } from "../../Backend.ts"
import { ContrastiveLoss } from "../../ContrastiveLoss.ts"
import { assertClose } from "../assertClose.ts"
import * as Property from "../Property.ts"

/** A loss; `layer` takes the temperature. */
export interface ContrastiveLossVariant {
  readonly name: string
  readonly layer: (settings: { readonly temperature: number }) => Layer.Layer<ContrastiveLoss>
}

const cosine = fc.float({ min: -1, max: 1, noNaN: true })

/** Similarities of N queries to their key and to K negatives, and a temperature. */
export const similarities = fc
  .record({ numQueries: fc.integer({ min: 1, max: 6 }), numNegatives: fc.integer({ min: 1, max: 40 }) })
  .chain(({ numNegatives, numQueries }) => {
    const rowsOf = (length: number) =>
      fc.array(fc.array(cosine, { minLength: length, maxLength: length }), {
        minLength: numQueries,
        maxLength: numQueries
      })
    return fc.record({
      positive: rowsOf(1),
      negative: rowsOf(numNegatives),
      temperature: fc.double({ min: 0.01, max: 2, noNaN: true })
    })
  })

/** Mean loss of similarities given as rows of numbers. */
export const lossOf = (
  loss: ContrastiveLoss["Service"],
  positive: ReadonlyArray<ReadonlyArray<number>>,
  negative: ReadonlyArray<ReadonlyArray<number>>
): number =>
  tf.tidy(
    () =>
      loss
        .mean({
          positive_N1: tf.tensor2d(positive.map((row) => [...row])),
          negative_NK: tf.tensor2d(negative.map((row) => [...row]))
        })
        .dataSync()[0]!
  )

/** What every {@link ContrastiveLoss} has to obey. */
export const contrastiveLossLaws = ({ layer: variant, name }: ContrastiveLossVariant): void =>
  layer(Backend.layerTensorflow({ threads: 2 }))(`ContrastiveLoss, ${name}`, (it) => {
    const withLoss = (
      temperature: number,
      use: (loss: ContrastiveLoss["Service"]) => void
    ): Effect.Effect<void> => Effect.provide(Effect.map(ContrastiveLoss, use), variant({ temperature }))

    it.effect("always is at chance when every similarity is equal", () =>
      Property.check(
        fc.record({ n: fc.integer({ min: 1, max: 5 }), k: fc.integer({ min: 1, max: 3000 }), s: cosine }),
        ({ k, n, s }) =>
          withLoss(0.07, (loss) => {
            const rows = (length: number) => Array.from({ length: n }, () => Array(length).fill(s))
            // float32: a sum of k exponentials, then a logarithm that damps its relative error.
            assertClose([lossOf(loss, rows(1), rows(k))], [loss.chance(k)], 1e-5)
          })
      )
    )

    it.effect("never is negative", () =>
      Property.check(similarities, ({ negative, positive, temperature }) =>
        withLoss(temperature, (loss) => {
          assert.isAtLeast(lossOf(loss, positive, negative), 0)
        })
      )
    )

    it.effect("never depends on the order of the negatives", () =>
      Property.check(similarities, ({ negative, positive, temperature }) =>
        withLoss(temperature, (loss) => {
          const reversed = negative.map((row) => [...row].reverse())
          // float32: only the order of summation changes; logits reach 2 / 0.01.
          assertClose([lossOf(loss, positive, reversed)], [lossOf(loss, positive, negative)], 1e-5)
        })
      )
    )

    it.effect("always falls as the positive rises, and rises as the negatives rise", () =>
      Property.check(similarities, ({ negative, positive }) =>
        withLoss(0.5, (loss) => {
          const raised = (rows: ReadonlyArray<ReadonlyArray<number>>) =>
            rows.map((row) => row.map((value) => value + 0.1))
          const here = lossOf(loss, positive, negative)
          assert.isBelow(lossOf(loss, raised(positive), negative), here)
          assert.isAbove(lossOf(loss, positive, raised(negative)), here)
        })
      )
    )

    it.effect("always compares the two views with each other, never a view with itself", () =>
      withLoss(0.1, (loss) => {
        tf.tidy(() => {
          const viewQ_NHWC = tf.zeros([1, 1, 1, 1]) as tf.Tensor4D
          const viewK_NHWC = tf.ones([1, 1, 1, 1]) as tf.Tensor4D
          const directions = loss.directions(viewQ_NHWC, viewK_NHWC)
          assert.strictEqual(directions[0]?.query_NHWC, viewQ_NHWC)
          for (const { key_NHWC, query_NHWC } of directions) {
            assert.strictEqual(key_NHWC, query_NHWC === viewQ_NHWC ? viewK_NHWC : viewQ_NHWC)
          }
        })
      })
    )

    it.effect("never keeps a tensor but its result", () =>
      Property.check(similarities, ({ negative, positive, temperature }) =>
        withLoss(temperature, (loss) => {
          const before = tf.memory().numTensors
          lossOf(loss, positive, negative)
          assert.strictEqual(tf.memory().numTensors, before)
        })
      )
    )
  })
