import * as Stage from "@moco/core/Stage"
import * as Tensor from "@moco/core/Tensor"
import type * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import type { Augmentation } from "../Augmentation.ts"
import { type Dataset, imageSize, slice, toTensor } from "../Dataset.ts"

/**
 * Makes views of the first images, which is the only way to know what an augmentation of somebody's own gives: it is
 * refused where a view has another form than its image, or holds something that is no number.
 */
export const rehearse = Effect.fnUntraced(function* (
  augmentation: Augmentation["Service"],
  { train }: Dataset["Service"],
  seed: number
) {
  const few = slice(train, 0, Math.min(2, train.numImages))
  const numValues = few.numImages * imageSize(few)
  const seen = yield* Tensor.run("Augmentation.rehearse", () => {
    const image_NHWC = toTensor(few)
    return [0, 1]
      .flatMap((view) => {
        const plans = Array.from(few.labels, (_, index) => augmentation.draw({ seed, epoch: 0, index, view }))
        return [look("apply", augmentation.apply(image_NHWC, plans), image_NHWC)]
      })
      .concat(look("normalize", augmentation.normalize(image_NHWC), image_NHWC))
  })
  const shape = `[${few.numImages},${train.height},${train.width},${train.channels}]`
  yield* Stage.check(
    "Augmentation",
    ...seen.flatMap(({ field, numFinite, shapeOf }) => [
      Stage.that(
        shapeOf === shape,
        `shape of ${field}(image_NHWC)`,
        shapeOf,
        `must be ${shape}, the shape of the images`,
        "a view has the height, width and channels of its image: the encoder is judged by such images"
      ),
      Stage.that(
        numFinite === numValues,
        `finite values of ${field}(image_NHWC)`,
        numFinite,
        `must be ${numValues}: all of them`,
        "look for a division by 0 or a logarithm in it"
      )
    ])
  )
})

const look = (field: string, view: tf.Tensor, image_NHWC: tf.Tensor4D) => {
  // The numbers of a view that has another form would say no more than the form.
  const isWhole = String(view.shape) === String(image_NHWC.shape)
  const values = isWhole ? view.dataSync() : []
  const numFinite = Array.from(values).filter(Number.isFinite).length
  return { field, shapeOf: `[${view.shape}]`, numFinite }
}
