import * as Stage from "@moco/core/Stage"
import * as Tensor from "@moco/core/Tensor"
import type * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import type { Augmentation } from "../Augmentation.ts"
import type { Dataset } from "../Dataset.ts"
import { toGroups } from "../ImageTensors.ts"
import { plansOf, viewOfGroup } from "./views.ts"

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
  const seen = yield* Tensor.run("Augmentation.rehearse", () => {
    const plans = [0, 1].map((view) => plansOf(augmentation, images, indices, { seed, epoch: 0, view }))
    // Each size by itself: views of two forms cannot be joined, and the error would name no form.
    return toGroups(images, train.channels).flatMap((group) => {
      const form = [group.rows.length, input.height, input.width, input.channels]
      const views = plans.map((ofView) => look("apply", viewOfGroup(augmentation, group, ofView), form))
      return [...views, look("normalize", augmentation.normalize(group.image_NHWC), form)]
    })
  })
  yield* Stage.check(
    "Augmentation",
    ...seen.flatMap(({ field, numFinite, numValues, shape, shapeOf }) => [
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

/** What a view is, and what it should be. */
const look = (field: string, view_NHWC: tf.Tensor, form: ReadonlyArray<number>) => {
  const [shape, shapeOf] = [`[${form}]`, `[${view_NHWC.shape}]`]
  // The numbers of a view that has another form would say no more than the form.
  const values = shapeOf === shape ? view_NHWC.dataSync() : []
  const numFinite = Array.from(values).filter(Number.isFinite).length
  return { field, shape, shapeOf, numFinite, numValues: form.reduce((product, side) => product * side, 1) }
}
