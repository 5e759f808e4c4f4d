// biome-ignore-all lint/correctness/noUndeclaredDependencies: for tests only, whose tools belong to the root
import { assert, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, type Layer } from "effect"
import fc from "fast-check"
import { Backend } from "../../Backend.ts"
import { ContrastiveLoss } from "../../ContrastiveLoss.ts"
import * as TensorLeak from "../TensorLeak.ts"

const cosine = fc.float({ min: -1, max: 1, noNaN: true })

/** Cosines of one to six queries: the positive and K negatives of each. */
const similarities = fc
  .record({ numQueries: fc.integer({ min: 1, max: 6 }), numNegatives: fc.integer({ min: 1, max: 30 }) })
  .chain(({ numNegatives, numQueries }) => {
    const row = fc.array(cosine, { minLength: numNegatives, maxLength: numNegatives })
    return fc.record({
      positives: fc.array(cosine, { minLength: numQueries, maxLength: numQueries }),
      negatives: fc.array(row, { minLength: numQueries, maxLength: numQueries })
    })
  })

/**
 * What every contrastive loss has in common; a variant joins by one line.
 *
 * @param chanceAt  the one cosine that the chance level holds for, where it does not hold for every cosine
 */
export const contrastiveLossLaws = (variant: Layer.Layer<ContrastiveLoss>, chanceAt?: number) => {
  type Mean = (positives: ReadonlyArray<number>, negatives: ReadonlyArray<ReadonlyArray<number>>) => number
  const law = (title: string, test: (mean: Mean, loss: ContrastiveLoss["Service"]) => void) =>
    it.effect(title, () =>
      Effect.gen(function* () {
        yield* Backend
        const loss = yield* ContrastiveLoss
        const mean: Mean = (positives, negatives) =>
          tf.tidy(() => {
            const positive_N1 = tf.tensor2d([...positives], [positives.length, 1])
            const negative_NK = tf.tensor2d(negatives.map((row) => [...row]))
            return loss.mean({ positive_N1, negative_NK }).dataSync()[0]!
          })
        yield* TensorLeak.check(Effect.sync(() => test(mean, loss)))
      }).pipe(Effect.provide(variant), Effect.provide(Backend.layerTensorflow({ threads: 2 })))
    )

  law("is at its chance level when a query is as close to its key as to every negative", (mean, loss) => {
    fc.assert(
      fc.property(cosine, fc.integer({ min: 1, max: 4096 }), (anyCosine, numNegatives) => {
        const same = chanceAt ?? anyCosine
        const actual = mean([same], [new Array<number>(numNegatives).fill(same)])
        assert.closeTo(actual, loss.chance(numNegatives), 1e-4)
      })
    )
  })

  law("is never negative", (mean) => {
    fc.assert(fc.property(similarities, ({ negatives, positives }) => mean(positives, negatives) >= 0))
  })

  law("never depends on the order of the negatives", (mean) => {
    fc.assert(
      fc.property(similarities, ({ negatives, positives }) => {
        const reversed = negatives.map((row) => row.toReversed())
        assert.closeTo(mean(positives, reversed), mean(positives, negatives), 1e-4)
      })
    )
  })

  law("always falls when a positive rises", (mean) => {
    fc.assert(
      fc.property(similarities, ({ negatives, positives }) => {
        const closer = positives.map((positive) => positive + 0.5)
        const before = mean(positives, negatives)
        // Below that nothing is left to fall in float32.
        if (before > 1e-3) assert.isBelow(mean(closer, negatives), before)
      })
    )
  })

  law("is the mean over queries: each row has its own positive", (mean) => {
    fc.assert(
      fc.property(similarities, ({ negatives, positives }) => {
        const alone = positives.map((positive, row) => mean([positive], [negatives[row]!]))
        const expected = alone.reduce((sum, value) => sum + value, 0) / alone.length
        assert.closeTo(mean(positives, negatives), expected, 1e-4 * (1 + expected))
      })
    )
  })
}
