import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import fc from "fast-check"
import { eagerBackend } from "../../src/internal/eager.ts"
import * as composed from "../../src/internal/kernels/composed.ts"
import { conv2d } from "../../src/internal/kernels/conv2d.ts"
import { bundlesOf } from "../../src/internal/kernels/groupedConv2d.ts"
import { hasGroups, withoutGroupedOps } from "../../src/internal/kernels/groupedOps.ts"
import {
  assertSame,
  holdsTogether,
  type Named,
  type Observed,
  observe,
  random,
  seed,
  size
} from "./observe.ts"
import { onEitherOps, onNativeOps } from "./ops.ts"

interface Case {
  readonly batch: number
  readonly height: number
  readonly width: number
  readonly kernel: number
  readonly stride: number
  readonly groups: number
  /** Of a group. */
  readonly inputs: number
  /** Of a group. */
  readonly outputs: number
  readonly seed: number
}

const anyCase = (most: {
  readonly groups: ReadonlyArray<number>
  readonly channels: ReadonlyArray<number>
}) =>
  fc.record({
    batch: fc.integer({ min: 1, max: 2 }),
    height: size,
    width: size,
    kernel: fc.constantFrom(1, 3),
    stride: fc.constantFrom(1, 2),
    groups: fc.constantFrom(...most.groups),
    inputs: fc.constantFrom(...most.channels),
    outputs: fc.constantFrom(...most.channels),
    seed
  })

const inputsOf = ({ batch, groups, height, inputs, kernel, outputs, seed, width }: Case): Named => ({
  x: random([batch, height, width, groups * inputs], seed),
  filter: random([kernel, kernel, inputs, groups * outputs], seed + 1)
})

const convolution =
  (form: typeof conv2d, stride: number) =>
  ({ filter, x }: Named) =>
    form(x as tf.Tensor4D, filter as tf.Tensor4D, stride)

/** PyTorch's `Conv2d` with `groups`, number by number. */
const byHand = (from: Case, x: ArrayLike<number>, filter: ArrayLike<number>): ReadonlyArray<number> => {
  const { batch, groups, height, inputs, kernel, outputs, stride, width } = from
  const [outHeight, outWidth] = [Math.ceil(height / stride), Math.ceil(width / stride)]
  const sums: Array<number> = []
  for (let n = 0; n < batch; n++)
    for (let row = 0; row < outHeight; row++)
      for (let column = 0; column < outWidth; column++)
        for (let output = 0; output < groups * outputs; output++) {
          let sum = 0
          for (let i = 0; i < kernel; i++)
            for (let j = 0; j < kernel; j++)
              for (let input = 0; input < inputs; input++) {
                const [y, at] = [row * stride + i - (kernel - 1) / 2, column * stride + j - (kernel - 1) / 2]
                if (y < 0 || y >= height || at < 0 || at >= width) continue
                const channel = Math.floor(output / outputs) * inputs + input
                const value = x[((n * height + y) * width + at) * groups * inputs + channel]!
                sum += value * filter[((i * kernel + j) * inputs + input) * groups * outputs + output]!
              }
          sums.push(sum)
        }
  return sums
}

const assertByHand = (from: Case) =>
  tf.tidy(() => {
    const { filter, x } = inputsOf(from) as { readonly filter: tf.Tensor; readonly x: tf.Tensor }
    const output = convolution(conv2d, from.stride)({ filter, x }).dataSync()
    assertSame({ output }, { output: byHand(from, x.dataSync(), filter.dataSync()) })
  })

onEitherOps("conv2d with groups", (onTensorflow) => {
  it.effect("is PyTorch's, where every output sees its own group alone", () =>
    onTensorflow(() => {
      fc.assert(fc.property(anyCase({ groups: [2, 3, 8], channels: [1, 2, 5] }), assertByHand))
    })
  )

  it.effect("always equals the composed form, with the same gradients", () =>
    onTensorflow(() => {
      fc.assert(
        fc.property(anyCase({ groups: [2, 6, 32], channels: [1, 4, 16, 64] }), (from) => {
          fc.pre(from.groups * Math.max(from.inputs, from.outputs) <= 512)
          holdsTogether(convolution(conv2d, from.stride), convolution(composed.conv2d, from.stride), () =>
            inputsOf(from)
          )
        })
      )
    })
  )
})

describe("conv2d with groups, by bundles of them", () => {
  it.effect("always equals the composed form, with the same gradients, with a stride and without", () =>
    onNativeOps(() => {
      fc.assert(
        fc.property(anyCase({ groups: [2, 6, 32], channels: [1, 4, 16] }), (from) => {
          const bundled = (inputs: Named) => withoutGroupedOps(() => convolution(conv2d, from.stride)(inputs))
          holdsTogether(bundled, convolution(composed.conv2d, from.stride), () => inputsOf(from))
        })
      )
    })
  )

  it.effect("is what is done where TensorFlow has no gradients of groups, as without oneDNN", () =>
    onNativeOps(() => {
      const backend = eagerBackend()!
      const lacking = {
        executeSingleOutput: () => {
          throw new Error("not supported on CPU")
        }
      }
      assert.isTrue(hasGroups(backend))
      assert.isFalse(hasGroups({ ...backend, ...lacking }))
      assert.isFalse(withoutGroupedOps(() => hasGroups(backend)))
    })
  )
})

describe("conv2d with groups, by tfjs's JavaScript", () => {
  it.effect("is PyTorch's, with the gradients that TensorFlow gives it", () =>
    Effect.gen(function* () {
      const from: Case = {
        batch: 2,
        height: 5,
        width: 4,
        kernel: 3,
        stride: 2,
        groups: 4,
        inputs: 3,
        outputs: 2,
        seed: 7
      }
      const seen: Array<Observed> = []
      const look = Effect.sync(() => {
        assertByHand(from)
        tf.tidy(() => {
          seen.push(observe(convolution(conv2d, 2), inputsOf(from)))
        })
      })
      yield* Effect.andThen(Backend, look).pipe(Effect.provide(Backend.layerCpu))
      yield* Effect.andThen(Backend, look).pipe(Effect.provide(Backend.layerTensorflow({ threads: 2 })))
      assertSame(seen[0]!, seen[1]!)
    })
  )
})

describe("the bundles of groups", () => {
  it("always hold every group once, and are as narrow as is fast", () => {
    const count = fc.integer({ min: 1, max: 70 })
    fc.assert(
      fc.property(count, count, count, (groups, inputs, outputs) => {
        const filterShape: tf.Tensor4D["shape"] = [3, 3, inputs, groups * outputs]
        const { numBundles, numGroups, ...bundle } = bundlesOf([2, 8, 6, groups * inputs], filterShape)
        assert.strictEqual(numBundles * numGroups, groups)
        assert.deepStrictEqual(bundle.xShape, [2, 8, 6, numGroups * inputs])
        assert.deepStrictEqual(bundle.filterShape, [3, 3, numGroups * inputs, numGroups * outputs])
        const narrower = Math.min(inputs, outputs)
        const isWide = (candidate: number) => candidate * narrower >= 16
        assert.isTrue(isWide(numGroups) || numBundles === 1)
        for (let fewer = 1; fewer < numGroups; fewer++) assert.isFalse(groups % fewer === 0 && isWide(fewer))
      })
    )
  })
})
