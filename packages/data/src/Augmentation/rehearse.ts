import * as Stage from "@moco/core/Stage"
import * as Tensor from "@moco/core/Tensor"
import type * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import type { Augmentation } from "../Augmentation.ts"
import type { Dataset } from "../Dataset.ts"

/**
 * Makes views of the first images, which is the only way to know what an augmentation of somebody's own gives: it is
 * refused where a view has another form than the encoder's input, or holds something that is no number.
 */
export const rehearse = Effect.fnUntraced(function* (
  augmentation: Augmentation["Service"],
  { input, train }: Dataset["Service"],
  seed: number
) {
  const indices = Int32Array.of(0, 1).subarray(0, train.numImages)
  const images = yield* train.read(indices)
  // Each image by itself before all together: views of two forms cannot be joined, and the error would name no form.
  const batches = [...images.keys()].map((row) => [row])
  for (const rows of images.length === 1 ? batches : [...batches, [...images.keys()]]) {
    const some = rows.map((row) => images[row]!)
    const form = [rows.length, input.height, input.width, input.channels]
    const seen = yield* Tensor.run("Augmentation.rehearse", () => [
      ...[0, 1].map((view) => {
        const keys = rows.map((row) => ({ seed, epoch: 0, index: indices[row]!, view }))
        return look("views(images, keys)", augmentation.views(some, keys), form)
      }),
      look("normalize(images)", augmentation.normalize(some), form)
    ])
    yield* Stage.check("Augmentation", ...seen.flatMap(needsOf))
  }
})

/** What a view is, and what it should be. */
const look = (field: string, view_NHWC: tf.Tensor, form: ReadonlyArray<number>) => {
  const [shape, shapeOf] = [`[${form}]`, `[${view_NHWC.shape}]`]
  // The numbers of a view that has another form would say no more than the form.
  const values = shapeOf === shape ? view_NHWC.dataSync() : []
  const numFinite = Array.from(values).filter(Number.isFinite).length
  return { field, shape, shapeOf, numFinite, numValues: form.reduce((product, side) => product * side, 1) }
}

const needsOf = ({
  field,
  numFinite,
  numValues,
  shape,
  shapeOf
}: ReturnType<typeof look>): ReadonlyArray<Stage.Need> => [
  Stage.that(
    shapeOf === shape,
    `shape of ${field}`,
    shapeOf,
    `must be ${shape}, the shape of the encoder's input`,
    "a view has the height, width and channels of Dataset's input: the encoder is evaluated on such images"
  ),
  Stage.that(
    numFinite === numValues,
    `finite values of ${field}`,
    numFinite,
    `must be ${numValues}: all of them`,
    "look for a division by 0 or a logarithm in it"
  )
]
