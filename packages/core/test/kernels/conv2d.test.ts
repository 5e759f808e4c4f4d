import { assert, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import fc from "fast-check"
import * as composed from "../../src/internal/kernels/composed.ts"
import { conv2d } from "../../src/internal/kernels/conv2d.ts"
import { withoutNativeOps } from "../../src/internal/kernels/nativeOps.ts"
import { assertSame, channels, holdsTogether, type Named, observe, random, seed, size } from "./observe.ts"
import { onEitherOps, onNativeOps } from "./ops.ts"

onEitherOps("conv2d", (onTensorflow) => {
  it.effect("is PyTorch's where stride 2 meets an even and an odd size", () =>
    onTensorflow(() => {
      for (const height of [4, 5]) {
        const image = Array.from({ length: height * height }, (_, i) => i + 1)
        const filter = Array.from({ length: 9 }, (_, i) => (i - 4) / 10)
        // Padding 1 on all sides, by hand: output (y, x) sees input rows 2y - 1 .. 2y + 1.
        const out = Math.floor((height - 1) / 2) + 1
        const expected: Array<number> = []
        for (let y = 0; y < out; y++) {
          for (let x = 0; x < out; x++) {
            let sum = 0
            for (let i = 0; i < 9; i++) {
              const row = 2 * y - 1 + Math.floor(i / 3)
              const column = 2 * x - 1 + (i % 3)
              const isInside = row >= 0 && row < height && column >= 0 && column < height
              if (isInside) sum += image[row * height + column]! * filter[i]!
            }
            expected.push(sum)
          }
        }
        const actual = tf.tidy(() =>
          Array.from(
            conv2d(
              tf.tensor4d(image, [1, height, height, 1]),
              tf.tensor4d(filter, [3, 3, 1, 1]),
              2
            ).dataSync()
          )
        )
        assert.strictEqual(actual.length, expected.length)
        actual.forEach((value, i) => {
          assert.closeTo(value, expected[i]!, 1e-4)
        })
      }
    })
  )

  it.effect("always equals the composed form, with the same gradients", () =>
    onTensorflow(() => {
      const shape = fc.record({
        batch: fc.integer({ min: 1, max: 3 }),
        height: size,
        width: size,
        kernel: fc.constantFrom(1, 3, 7),
        stride: fc.constantFrom(1, 2),
        inputs: channels,
        outputs: channels,
        seed
      })
      fc.assert(
        fc.property(shape, ({ batch, height, inputs, kernel, outputs, seed, stride, width }) => {
          holdsTogether(
            ({ filter, x }) => conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, stride),
            ({ filter, x }) => composed.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, stride),
            () => ({
              x: random([batch, height, width, inputs], seed),
              filter: random([kernel, kernel, inputs, outputs], seed + 1)
            })
          )
        })
      )
    })
  )

  it.effect("takes the smallest images with a stride", () =>
    onTensorflow(() => {
      for (const [height, width] of [
        [1, 1],
        [1, 2],
        [3, 1]
      ] as const) {
        for (const kernel of [1, 3]) {
          holdsTogether(
            ({ filter, x }) => conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 2),
            ({ filter, x }) => composed.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 2),
            () => ({ x: random([2, height, width, 16], 1), filter: random([kernel, kernel, 16, 16], 2) })
          )
        }
      }
    })
  )

  it.effect("gives a filter over data the gradient that it has over activations", () =>
    onTensorflow(() => {
      tf.tidy(() => {
        const x = random([2, 6, 6, 3], 5) as tf.Tensor4D
        const filter = random([3, 3, 3, 4], 6)
        const as = (input: "data" | "activation") =>
          observe((named) => conv2d(x, named["filter"] as tf.Tensor4D, 2, input), { filter })
        assert.deepStrictEqual(as("data"), as("activation"))
      })
    })
  )
})

const workloads = [
  ["many channels, whose filters come in stretches", { batch: 1, size: 7, inputs: 288, outputs: 160 }],
  [
    "the same with more tiles than are kept between stretches",
    { batch: 1, size: 72, inputs: 288, outputs: 160 }
  ],
  ["more tiles than are multiplied at once", { batch: 8, size: 28, inputs: 64, outputs: 64 }],
  ["few channels in many parts, each of several blocks", { batch: 24, size: 28, inputs: 16, outputs: 32 }]
] as const

for (const [name, { batch, inputs, outputs, size }] of workloads) {
  it.effect(`conv2d takes ${name}, as TensorFlow does`, () =>
    onNativeOps(() => {
      const convolution = ({ filter, x }: Named) => conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1)
      tf.tidy(() => {
        const tensors = {
          x: random([batch, size, size, inputs], 1),
          filter: random([3, 3, inputs, outputs], 2)
        }
        const expected = withoutNativeOps(() => observe(convolution, tensors))
        assertSame(observe(convolution, tensors), expected, 1e-4)
      })
    })
  )
}
