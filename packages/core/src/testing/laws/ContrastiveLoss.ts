import { assert, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import fc from "fast-check"
import { Backend } from "../../Backend.ts"
import { ContrastiveLoss, stateOf } from "../../ContrastiveLoss.ts"
import * as CounterRandom from "../../CounterRandom.ts"
import { valueAndGradients } from "../../Gradient.ts"
import { randomUnitRows } from "../../internal/randomUnitRows.ts"
import { type Negatives, negativeSimilarities, perQuery, shared } from "../../Similarities.ts"
import type { StageInvalid } from "../../Stage.ts"
import { assertClose } from "../assertClose.ts"
import * as Property from "../Property.ts"
import * as TensorLeak from "../TensorLeak.ts"
import { compareCosines, lossStateLaws, settleOn } from "./LossState.ts"

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

/** What every contrastive loss has in common; a variant joins by one line. */
export const contrastiveLossLaws = (variant: Layer.Layer<ContrastiveLoss, StageInvalid>) => {
  lossStateLaws(variant, similarities)

  type Mean = (positives: ReadonlyArray<number>, negatives: ReadonlyArray<ReadonlyArray<number>>) => number
  const law = (title: string, test: (mean: Mean, loss: ContrastiveLoss["Service"]) => void) =>
    it.effect(title, () =>
      Effect.gen(function* () {
        yield* Backend
        const loss = yield* ContrastiveLoss
        const mean: Mean = (positives, negatives) => compareCosines(loss, { positives, negatives }).mean
        // One state for all cases, where the loss has one: a step has settled it.
        settleOn(loss, { positives: [0], negatives: [[0]] }).commit()
        yield* TensorLeak.check(Effect.sync(() => test(mean, loss)))
      }).pipe(Effect.provide(Layer.provideMerge(variant, Backend.layerTensorflow({ threads: 2 }))))
    )

  it.effect("is at its chance level when a query is as close to its key as to every negative", () =>
    Effect.gen(function* () {
      yield* Backend
      const loss = yield* ContrastiveLoss
      const { restore, snapshot } = stateOf(loss)
      const begin = snapshot()
      const cases = fc.record({ same: cosine, size: fc.integer({ min: 1, max: 4096 }) })
      yield* Property.check(cases, ({ same, size }) =>
        Effect.gen(function* () {
          const cosines = { positives: [same], negatives: [new Array<number>(size).fill(same)] }
          yield* restore(begin)
          assert.closeTo(compareCosines(loss, cosines).mean, loss.chance(size), 1e-4)
          // And in the steps after it, as long as nothing is learned.
          settleOn(loss, cosines).commit()
          assert.closeTo(compareCosines(loss, cosines).mean, loss.chance(size), 1e-4)
        })
      )
    }).pipe(Effect.provide([variant, Backend.layerTensorflow({ threads: 2 })]))
  )

  law("always tells how close each query's closest negative is", (_, loss) => {
    fc.assert(
      fc.property(similarities, ({ negatives, positives }) => {
        const { closest } = compareCosines(loss, { positives, negatives })
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
