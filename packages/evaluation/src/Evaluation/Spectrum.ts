import { Backend } from "@moco/core/Backend"
import * as Tensor from "@moco/core/Tensor"
import { Dataset } from "@moco/data/Dataset"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer, Schema } from "effect"
import { intervalOfParts, rowsWithoutGroups } from "../bootstrap.ts"
import { type Embedding, EncoderLayer } from "../Embedding.ts"
import { Evaluation, EveryEpochs, evaluationKind, type Looked, NumImages } from "../Evaluation.ts"
import { type Metric, measured } from "../Measurement.ts"
import { floatsOf } from "../onHost.ts"
import { addRows, effectiveRank, emptyGram, featureDeviation, rankMe, singularValues } from "../spectrum.ts"
import { unitRows } from "../unitRows.ts"

const name = "spectrum"

/** Settings of how many directions features make use of. */
export const SpectrumSettings = Schema.Struct({
  everyEpochs: EveryEpochs,
  numImages: NumImages,
  layer: Schema.optionalKey(EncoderLayer)
}).annotate({
  description:
    "RankMe, effective rank, deviation: has the encoder collapsed; needs no labels; null leaves it out"
})
export type SpectrumSettings = typeof SpectrumSettings.Type

/** None is better by itself: noise makes use of every direction. */
const metricsOf = (
  { layer = "backbone", numImages }: SpectrumSettings,
  looked: Looked = "evaluated"
): ReadonlyArray<Metric> => {
  const where = `${layer}, up to ${numImages} ${looked} images, test transform`
  const of = (metric: string, unit: string, protocol: string): Metric => ({
    ...{ evaluation: name, metric, unit, higherIsBetter: null },
    protocol: `${protocol}; ${where}`
  })
  return [
    of(
      "RankMe",
      "dimensions",
      "exp of the entropy of the singular values of the features, 1e-7 added to each part"
    ),
    of(
      "effective rank",
      "dimensions",
      "exp of the entropy of the singular values of the features less their mean"
    ),
    of(
      "feature deviation",
      "",
      "standard deviation of the features of length 1, mean over dimensions, times the root of their number; 1 is even"
    )
  ]
}

/** Of the jackknife. */
const groups = 5
const batchSize = 500

/**
 * How many directions features make use of: RankMe (Garrido et al. 2023), effective rank (Roy and Vetterli 2007) and the
 * deviation of unit features (Chen and He 2021). A collapsed encoder is near 1, 1 and 0.
 */
export const layer = (settings: SpectrumSettings) =>
  Layer.effect(
    Evaluation,
    Effect.gen(function* () {
      yield* Backend
      const { test, train } = yield* Dataset.checked
      const [part, { numImages }] =
        test === undefined ? (["train", train] as const) : (["test", test] as const)
      const metrics = metricsOf(settings, test === undefined ? "training" : "evaluated")
      const evaluate = Effect.fn("Spectrum.evaluate")(function* ({ rowsAt, subject }: Embedding) {
        const numRows = Math.min(numImages, settings.numImages)
        const first = Int32Array.from({ length: numRows }, (_, row) => row)
        const some_NC = yield* rowsAt(part, settings.layer ?? "backbone", first)
        const size = some_NC.shape[1]
        const read = (what: (row_NC: tf.Tensor2D) => tf.Tensor2D) =>
          Tensor.run("Spectrum.rows", () => floatsOf(() => what(some_NC)))
        const row_NC = yield* read((rows) => tf.clone(rows))
        const unit_NC = yield* read(unitRows)
        const some = { row_NC, unit_NC, size }
        const whole = yield* statisticsOf(some, first)
        const parts: Array<ReadonlyArray<number>> = []
        const numGroups = Math.min(groups, numRows)
        if (numGroups > 1) {
          for (const rows of rowsWithoutGroups(numRows, numGroups, 0))
            parts.push(yield* statisticsOf(some, rows))
        }
        return metrics.map((metric, i) => {
          const without = parts.map((part) => part[i]!)
          return measured(metric, subject, whole[i]!, {
            numImages: numRows,
            ...(without.length > 1 ? { interval: intervalOfParts(whole[i]!, without) } : {})
          })
        })
      }, Effect.scoped)
      return Evaluation.of({ name, everyEpochs: settings.everyEpochs, metrics, evaluate })
    })
  )

interface Rows {
  readonly row_NC: Float32Array
  readonly unit_NC: Float32Array
  readonly size: number
}

/** Each metric's value for some of the rows. */
const statisticsOf = Effect.fnUntraced(function* ({ row_NC, size, unit_NC }: Rows, rows: Int32Array) {
  const [raw, unit] = [pick(row_NC, size, rows), pick(unit_NC, size, rows)]
  const values: Array<number> = []
  for (const [matrix, of] of [
    [raw, rankMe],
    [centred(raw, size), effectiveRank]
  ] as const) {
    yield* Effect.yieldNow
    values.push(of(yield* singular(matrix, size)))
  }
  return [...values, featureDeviation(unit, size) * Math.sqrt(size)]
})

/** By whichever of the two gram matrices, of columns or of rows, is the smaller. */
const singular = Effect.fnUntraced(function* (row_NC: Float32Array, size: number) {
  const numRows = row_NC.length / size
  const [matrix, side] = numRows < size ? [transposed(row_NC, size), numRows] : [row_NC, size]
  const gram = emptyGram(side)
  for (let from = 0; from < matrix.length; from += batchSize * side) {
    addRows(gram, matrix.subarray(from, Math.min(matrix.length, from + batchSize * side)))
    yield* Effect.yieldNow
  }
  return singularValues(gram)
})

const pick = (row_NC: Float32Array, size: number, rows: Int32Array): Float32Array => {
  const some = new Float32Array(rows.length * size)
  rows.forEach((row, at) => {
    some.set(row_NC.subarray(row * size, (row + 1) * size), at * size)
  })
  return some
}

const centred = (row_NC: Float32Array, size: number): Float32Array => {
  const numRows = row_NC.length / size
  const mean_C = new Float64Array(size)
  row_NC.forEach((value, at) => {
    mean_C[at % size]! += value / numRows
  })
  return row_NC.map((value, at) => value - mean_C[at % size]!)
}

const transposed = (row_NC: Float32Array, size: number): Float32Array => {
  const numRows = row_NC.length / size
  return Float32Array.from(row_NC, (_, at) => row_NC[(at % numRows) * size + Math.floor(at / numRows)]!)
}

/** What a config names `evaluations.spectrum`. */
export const spectrum = evaluationKind({
  name,
  Settings: SpectrumSettings,
  configure: (settings) => ({ metrics: metricsOf(settings), needs: () => [], layer: layer(settings) })
})
