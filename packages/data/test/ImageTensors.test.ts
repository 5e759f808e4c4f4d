import { assert, describe, layer } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import type { Image } from "@moco/data/ImageSource"
import { toTensor } from "@moco/data/ImageTensors"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"

const image = (height: number, width: number, ...pixels: ReadonlyArray<number>): Image => ({
  height,
  width,
  pixels_HWC: Uint8Array.from(pixels)
})

layer(Backend.layerCpu)("ImageTensors", (it) => {
  describe("toTensor", () => {
    it.effect("is float32 in 0..1, image after image", () =>
      Effect.sync(() =>
        tf.tidy(() => {
          const image_NHWC = toTensor([image(3, 2, 255, 0, 15, 30, 45, 60), image(3, 2, 1, 2, 3, 4, 5, 6)], 1)
          assert.deepStrictEqual(image_NHWC.shape, [2, 3, 2, 1])
          const bytes = [255, 0, 15, 30, 45, 60, 1, 2, 3, 4, 5, 6]
          assert.deepStrictEqual(
            [...image_NHWC.dataSync()],
            bytes.map((byte) => Math.fround(byte / 255))
          )
        })
      )
    )

    it.effect("refuses an image of another size than the first", () =>
      Effect.sync(() => {
        const images = [image(1, 2, 0, 0), image(2, 1, 0, 0)]
        assert.throws(() => toTensor(images, 1), "an image of 2 x 1 among those of 1 x 2")
      })
    )
  })
})
