import { Backend } from "@moco/core/Backend"
import * as CounterRandom from "@moco/core/CounterRandom"
import { Augmentation } from "@moco/data/Augmentation"
import { Dataset } from "@moco/data/Dataset"
import type { Evaluation, Represent } from "@moco/evaluation/Evaluation"
import { evaluationOf } from "@moco/evaluation/testing"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"

export type Rows = ReadonlyArray<ReadonlyArray<number>>

/** Rows with the class of each. */
export interface LabelledRows {
  readonly rows: Rows
  readonly labels: ReadonlyArray<number>
}

/** Rows that stand for images; without `test` there are none to evaluate on, without `numClasses` no labels. */
export interface RowSets {
  readonly train: LabelledRows
  readonly test?: LabelledRows
  readonly numClasses?: number
  /** Height and width of images whose pixels are all the same, so that every crop is its image (default: a single pixel). */
  readonly side?: number
}

/** An image of which every pixel says which row it stands for: in gray three side by side, so that it has no colour. */
const source = (
  { labels, rows }: LabelledRows,
  part: 0 | 1,
  { numClasses, side }: Pick<RowSets, "numClasses" | "side">
) => ({
  pixels_NHWC: Uint8Array.from(
    rows.flatMap((_, row) =>
      Array.from({ length: (side ?? 1) ** 2 }, () => [part, row >> 8, row & 0xff]).flat()
    )
  ),
  ...(numClasses === undefined ? {} : { labels: Int32Array.from(labels) }),
  ...{ numImages: rows.length },
  ...(side === undefined ? { height: 1, width: 3, channels: 1 } : { height: side, width: side, channels: 3 })
})

/** Images that stand for rows, as they are: `represent` gives image n its row n. */
export const rowsAsImages = ({ numClasses, side, test, train }: RowSets) => {
  const form = {
    ...(numClasses === undefined ? {} : { numClasses }),
    ...(side === undefined ? {} : { side })
  }
  const perChannel = (value: number) => Array.from({ length: side === undefined ? 1 : 3 }, () => value)
  const dataset = Dataset.layerOf({
    name: "rows",
    ...(numClasses === undefined
      ? {}
      : { classes: Array.from({ length: numClasses }, (_, label) => `class ${label}`) }),
    train: source(train, 0, form),
    ...(test === undefined ? {} : { test: source(test, 1, form) }),
    mean: perChannel(0),
    std: perChannel(1)
  })
  return { dataset, represent: lookedUp([train.rows, test?.rows ?? []]) }
}

/** The part, or the view, and the row that each image names. */
export const namesOf = (image_NHWC: tf.Tensor4D) => {
  const values = image_NHWC.dataSync<"float32">()
  const size = image_NHWC.size / image_NHWC.shape[0]
  return Array.from({ length: image_NHWC.shape[0] }, (_, image) => {
    const at = image * size
    const [part, high, low] = Array.from(values.subarray(at, at + 3), (value) => Math.round(255 * value))
    return { part: part!, row: 256 * high! + low! }
  })
}

/** The row of each image, by the part or view that it names. */
export const lookedUp =
  (parts: ReadonlyArray<Rows>): Represent =>
  (image_NHWC) =>
    tf.tensor2d(namesOf(image_NHWC).map(({ part, row }) => [...parts[part]![row]!]))

/** What an evaluation needs beside the rows. */
export const around = <E>(
  dataset: Layer.Layer<Dataset, E>,
  augmentation: Layer.Layer<Augmentation, E, Dataset> = Augmentation.layerNone as never
) =>
  Layer.provideMerge(augmentation, dataset).pipe(Layer.provideMerge(Backend.layerTensorflow({ threads: 2 })))

/** What an evaluation measures of rows; the values by the names of their metrics. */
export const measuredOf = <E>(
  evaluation: Layer.Layer<Evaluation, E, Dataset | Augmentation | Backend>,
  sets: RowSets
) =>
  Effect.suspend(() => {
    const { dataset, represent } = rowsAsImages(sets)
    return evaluationOf({ subject: "rows", represent }).pipe(
      Effect.provide(Layer.provideMerge(evaluation, around(dataset)))
    )
  })

/** Their values by the names of the metrics. */
export const valuesOf = (measurements: ReadonlyArray<{ readonly metric: string; readonly value: number }>) =>
  Object.fromEntries(measurements.map(({ metric, value }) => [metric, value]))

/** Standard normal numbers, as float32 has them. */
export const drawnRows = (numRows: number, size: number, seed = 1): Rows => {
  const random = CounterRandom.make(seed, CounterRandom.Purpose.synthetic)
  return Array.from({ length: numRows }, () => [...CounterRandom.normals(random, size)])
}

/** Classes in turn. */
export const inTurn = (numRows: number, numClasses: number): ReadonlyArray<number> =>
  Array.from({ length: numRows }, (_, row) => row % numClasses)

/** Rows of 0 with a 1 at the class. */
export const oneHot = (labels: ReadonlyArray<number>, numClasses: number): Rows =>
  labels.map((label) => Array.from({ length: numClasses }, (_, at) => Number(at === label)))

export const unit = (row: ReadonlyArray<number>): ReadonlyArray<number> => {
  const length = Math.hypot(...row)
  return row.map((value) => (length === 0 ? 0 : value / length))
}

export const product = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): number =>
  a.reduce((sum, value, at) => sum + value * b[at]!, 0)

export const distance = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): number =>
  Math.hypot(...a.map((value, at) => value - b[at]!))

export const meanOf = (values: ReadonlyArray<number>): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length
