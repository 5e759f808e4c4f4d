import * as CounterRandom from "@moco/core/CounterRandom"
import { Augmentation, type PlanKey } from "@moco/data/Augmentation"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import { config, train } from "./train.ts"

/** 1 everywhere but in a square, whose place is drawn for the view. */
const mask = (height: number, width: number, size: number, { epoch, index, seed, view }: PlanKey) => {
  // A stream of its own: 0 and 1 are those that the usual plans of the two views are drawn from.
  const random = CounterRandom.make(seed, CounterRandom.Purpose.augmentation, epoch, index, 2 + view)
  const [firstRow, firstColumn] = [random.below(height - size + 1), random.below(width - size + 1)]
  const values = new Float32Array(height * width).fill(1)
  for (let row = firstRow; row < firstRow + size; row++) {
    values.fill(0, row * width + firstColumn, row * width + firstColumn + size)
  }
  return tf.tensor3d(values, [height, width, 1])
}

/**
 * An augmentation of your own: cuts a square out of every view (DeVries and Taylor 2017), around the usual ones. A view
 * is a pure function of its image and key, so that a run can be resumed to the bit.
 *
 *     npx nx run examples:own-augmentation
 */
export const layerCutout = (size: number) =>
  Layer.effect(
    Augmentation,
    Effect.map(Augmentation, (inner) =>
      Augmentation.of({
        ...inner,
        views: (images, keys) =>
          tf.tidy(() => {
            const view_NHWC = inner.views(images, keys)
            const [, height, width] = view_NHWC.shape
            return tf.mul(view_NHWC, tf.stack(keys.map((key) => mask(height, width, size, key))))
          })
      })
    )
  )

if (import.meta.main) {
  train({ augmentation: layerCutout(8).pipe(Layer.provide(Augmentation.layer(config.augmentation))) })
}
