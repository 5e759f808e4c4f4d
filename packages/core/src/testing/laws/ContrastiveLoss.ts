// biome-ignore-all lint/correctness/noUndeclaredDependencies: for tests only, whose tools belong to the root
import { assert, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import fc from "fast-check"
import { Backend } from "../../Backend.ts"
import { ContrastiveLoss } from "../../ContrastiveLoss.ts"
import * as CounterRandom from "../../CounterRandom.ts"
import { valueAndGradients } from "../../Gradient.ts"
import { randomUnitRows } from "../../internal/randomUnitRows.ts"
import { type Negatives, negativeSimilarities, perQuery, shared } from "../../Similarities.ts"
import { assertClose } from "../assertClose.ts"
import * as TensorLeak from "../TensorLeak.ts"

const cosine = fc.float({ min: -1, max: 1, noNaN: true })

const sizes = fc.record({
  numQueries: fc.integer({ min: 1, max: 40 }),
  numNegatives: fc.integer({ min: 1, max: 300 }),
  featureSize: fc.integer({ min: 2, max: 20 })
})

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

/** Loss, closest negatives and gradients in the queries and in their keys. */
const observed = (
  loss: ContrastiveLoss["Service"],
  query: tf.Tensor2D,
  key: tf.Tensor2D,
  negativesOf: (query_ND: tf.Tensor2D) => Negatives
) => {
  let closest: tf.Tensor2D | undefined
  const { gradients, value } = valueAndGradients(
    ({ key_ND, query_ND }) => {
      const positive_N1 = tf.sum<tf.Tensor2D>(tf.mul(query_ND!, key_ND!), 1, true)
      const compared = loss.compare({ positive_N1, negatives: negativesOf(query_ND as tf.Tensor2D) }, tf.keep)
      closest = compared.closest_N1
      return compared.mean
    },
    { query_ND: query, key_ND: key }
  )
  const read = [value, closest!, gradients["query_ND"]!, gradients["key_ND"]!]
  const numbers = read.flatMap((tensor) => Array.from(tensor.dataSync()))
  closest!.dispose()
  return numbers
}

/** The loss of similarities that are written down, and the closest negatives. */
const comparePerQuery = (
  loss: ContrastiveLoss["Service"],
  positive_N1: tf.Tensor2D,
  negative_NK: tf.Tensor2D
) => {
  const { closest_N1, mean } = loss.compare({ positive_N1, negatives: perQuery(negative_NK) }, tf.keep)
  const read = { mean: mean.dataSync()[0]!, closest: Array.from(closest_N1.dataSync()) }
  closest_N1.dispose()
  return read
}

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
            return comparePerQuery(loss, positive_N1, negative_NK).mean
          })
        yield* TensorLeak.check(Effect.sync(() => test(mean, loss)))
      }).pipe(Effect.provide(Layer.provideMerge(variant, Backend.layerTensorflow({ threads: 2 }))))
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

  law("always tells how close each query's closest negative is", (_, loss) => {
    fc.assert(
      fc.property(similarities, ({ negatives, positives }) => {
        const { closest } = tf.tidy(() =>
          comparePerQuery(loss, tf.tensor2d([...positives], [positives.length, 1]), tf.tensor2d(negatives))
        )
        const expected = negatives.map((row) => Math.max(...row))
        // Numbers too small for their full digits may count as zero.
        assertClose(closest, expected, 2 ** -126)
      })
    )
  })

  law("never depends on whether shared negatives are written down, nor do its gradients", (_, loss) => {
    fc.assert(
      fc.property(sizes, fc.nat(), ({ featureSize, numNegatives, numQueries }, seed) => {
        const rows = (count: number, stream: number) =>
          randomUnitRows(
            CounterRandom.make(seed, CounterRandom.Purpose.synthetic, stream),
            count,
            featureSize
          )
        tf.tidy(() => {
          const [query, key, key_KD] = [rows(numQueries, 0), rows(numQueries, 1), rows(numNegatives, 2)]
          const given = (query_ND: tf.Tensor2D) => shared(query_ND, key_KD)
          const whole = observed(loss, query, key, given)
          const written = observed(loss, query, key, (query_ND) =>
            perQuery(negativeSimilarities(given(query_ND)))
          )
          assertClose(whole, written, 2e-5)
        })
      })
    )
  })

  law("is never negative", (mean) => {
    fc.assert(
      fc.property(similarities, ({ negatives, positives }) => {
        assert.isAtLeast(mean(positives, negatives), 0)
      })
    )
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
        fc.pre(before > 1e-3)
        assert.isBelow(mean(closer, negatives), before)
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
