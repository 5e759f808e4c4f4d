import { assert, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { fillVectors, nativeOps } from "../../src/internal/kernels/nativeOps.ts"
import { onNativeOps } from "./ops.ts"

it.effect("the own ops take as many channels as fill their vectors, and no fewer", () =>
  onNativeOps(() => {
    const fewest = Array.from({ length: 64 }, (_, i) => i + 1).find((channels) => fillVectors(channels))!
    assert.isTrue(fillVectors(fewest, 3 * fewest))
    assert.isFalse(fillVectors(fewest, fewest / 2))
    const convolve = (channels: number) =>
      tf.tidy(() => {
        const inputs = [tf.ones([1, 4, 4, channels]), tf.ones([3, 3, channels, channels])]
        return nativeOps()!.executeSingleOutput("MocoConv3x3", [], inputs).dataSync()[0]
      })
    // The corner of an image sees 2 x 2 pixels of every channel.
    assert.strictEqual(convolve(fewest), 4 * fewest)
    assert.throws(() => convolve(fewest / 2))
  })
)
