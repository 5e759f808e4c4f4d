import { Augmentation } from "@moco/data/Augmentation"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import { config, train } from "./train.ts"

/** 1 everywhere but in a square, whose place is drawn with the view's crop. */
const mask = (height: number, width: number, size: number, { top, left }: { top: number; left: number }) => {
  const values = new Float32Array(height * width).fill(1)
  const [firstRow, firstColumn] = [(7 * top) % (height - size + 1), (7 * left) % (width - size + 1)]
  for (let row = firstRow; row < firstRow + size; row++) {
    values.fill(0, row * width + firstColumn, row * width + firstColumn + size)
  }
  return values
}

/**
 * An augmentation of your own: cuts a square out of every view (DeVries and Taylor 2017), around the usual ones. A view
 * is a pure function of its plan, so that a run can be resumed to the bit.
 *
 *     npx nx run examples:own-augmentation
 */
export const layerCutout = (size: number) =>
  Layer.effect(
    Augmentation,
    Effect.map(Augmentation, (inner) =>
      Augmentation.of({
        ...inner,
        apply: (image_NHWC, plans) =>
          tf.tidy(() => {
            const view_NHWC = inner.apply(image_NHWC, plans)
            const [count, height, width] = view_NHWC.shape
            const masks = plans.map(({ crop }) => tf.tensor1d(mask(height, width, size, crop)))
            return tf.mul(view_NHWC, tf.reshape(tf.stack(masks), [count, height, width, 1]))
          })
      })
    )
  )

if (import.meta.main) {
  train({ augmentation: layerCutout(8).pipe(Layer.provide(Augmentation.layer(config.augmentation))) })
}
