import * as Stage from "@moco/core/Stage"
import * as Tensor from "@moco/core/Tensor"
import type * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import type { Augmentation } from "../Augmentation.ts"
import type { Dataset } from "../Dataset.ts"
import { readRange } from "../ImageSource.ts"
import { inOrder, toGroups } from "../ImageTensors.ts"

/**
 * Makes views of the first images, which is the only way to know what an augmentation of somebody's own gives: it is
 * refused where a view has another form than the encoder's input, or holds something that is no number.
 */
export const rehearse = Effect.fnUntraced(function* (
  augmentation: Augmentation["Service"],
  { input, train }: Dataset["Service"],
  seed: number
) {
  const images = yield* readRange(train, 0, Math.min(2, train.numImages))
  const shape = `[${images.length},${input.height},${input.width},${input.channels}]`
  const numValues = images.length * input.height * input.width * input.channels
  const seen = yield* Tensor.run("Augmentation.rehearse", () => {
    const groups = toGroups(images, train.channels)
    return [0, 1]
      .flatMap((view) => {
        const plans = images.map((image, index) => augmentation.draw({ seed, epoch: 0, index, view }, image))
        const view_NHWC = inOrder(groups, ({ image_NHWC, rows }) =>
          augmentation.apply(
            image_NHWC,
            rows.map((row) => plans[row]!)
          )
        )
        return [look("apply", view_NHWC, shape)]
      })
      .concat(
        look(
          "normalize",
          inOrder(groups, ({ image_NHWC }) => augmentation.normalize(image_NHWC)),
          shape
        )
      )
  })
  yield* Stage.check(
    "Augmentation",
    ...seen.flatMap(({ field, numFinite, shapeOf }) => [
      Stage.that(
        shapeOf === shape,
        `shape of ${field}(image_NHWC)`,
        shapeOf,
        `must be ${shape}, the shape of the encoder's input`,
        "a view has the height, width and channels of Dataset's input: the encoder is evaluated on such images"
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

const look = (field: string, view_NHWC: tf.Tensor, shape: string) => {
  const shapeOf = `[${view_NHWC.shape}]`
  // The numbers of a view that has another form would say no more than the form.
  const values = shapeOf === shape ? view_NHWC.dataSync() : []
  const numFinite = Array.from(values).filter(Number.isFinite).length
  return { field, shapeOf, numFinite }
}
