import { createHash } from "node:crypto"
import { Backend } from "@moco/core/Backend"
import * as CounterRandom from "@moco/core/CounterRandom"
import { valueAndGradients } from "@moco/core/Gradient"
import * as Parameters from "@moco/core/Parameters"
import { shared } from "@moco/core/Similarities"
import type * as Tensor from "@moco/core/Tensor"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { infoNce } from "../../src/internal/infoNce.ts"
import { batchNorm } from "../../src/internal/kernels/batchNorm.ts"
import { conv2d } from "../../src/internal/kernels/conv2d.ts"

// Prints a hash of what the project's own ops compute, and nothing else, on as many threads as asked for:
// node bitsByThreads.ts 3

const random = (shape: ReadonlyArray<number>, seed: number) => {
  const size = shape.reduce((product, length) => product * length, 1)
  const stream = CounterRandom.make(seed, CounterRandom.Purpose.synthetic)
  return tf.tensor(CounterRandom.normals(stream, size), [...shape])
}

/**
 * Few and many channels, images that tiles do not fill, strides, split batch norm, a shortcut.
 *
 * The filters of strided convolutions are constants here: their gradients are TensorFlow's own, which promises no bits.
 */
const layer = ({ few, filter, offset, scale, x }: Readonly<Record<string, tf.Tensor>>) => {
  const y = conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1)
  const ones = tf.ones([64]) as tf.Tensor1D
  const weights = {
    scale_C: scale as tf.Tensor1D,
    offset_C: offset as tf.Tensor1D,
    runningMean_C: ones,
    runningVariance_C: ones
  }
  const { runningMean_C, runningVariance_C, y_NHWC } = batchNorm(y, weights, 2, { addRelu: y })
  const narrow = conv2d(y_NHWC, random([3, 3, 64, 32], 3) as tf.Tensor4D, 2)
  const output = conv2d(conv2d(narrow, random([1, 1, 32, 32], 4) as tf.Tensor4D, 2), few as tf.Tensor4D, 1)
  for (const tensor of [output, runningMean_C, runningVariance_C]) tf.keep(tensor)
  // Its gradient in the output is this random tensor; its value is a sum of TensorFlow's, and not looked at.
  const scalar = tf.sum(tf.mul(output, random(output.shape, 5))) as tf.Scalar
  return { scalar, outputs: [output, runningMean_C, runningVariance_C] }
}

/** More negatives than a task takes. */
const contrast = ({ positive, query }: Readonly<Record<string, tf.Tensor>>) => {
  const negatives = shared(query as tf.Tensor2D, random([9000, 24], 8) as tf.Tensor2D)
  const given = { positive_N1: positive as tf.Tensor2D, negatives }
  const { closest_N1, mean } = infoNce(5)(given, tf.keep)
  return { scalar: mean, outputs: [tf.keep(tf.clone(mean)), closest_N1] }
}

/** What a function computes beside its scalar, and its gradients. */
const outputsOf = (
  compute: (inputs: Tensor.NamedTensors) => { scalar: tf.Scalar; outputs: ReadonlyArray<tf.Tensor> },
  inputs: Tensor.NamedTensors
) => {
  let outputs: ReadonlyArray<tf.Tensor> = []
  const { gradients } = valueAndGradients((given) => {
    const computed = compute(given)
    outputs = computed.outputs
    return computed.scalar
  }, inputs)
  return [...outputs, ...Object.values(gradients)]
}

/** What is done to all parameters at once. */
const updates = () => {
  const named = (seed: number) => ({ a: random([3, 3, 64, 300], seed), b: random([7], seed + 1) })
  const settings = { learningRate: 0.03, momentum: 0.9, weightDecay: 1e-4 }
  const next = Parameters.sgdStep(named(10), named(12), named(14), settings)
  return [
    ...[next.parameters, next.moments, Parameters.ema(named(10), named(12), 0.99)].flatMap(Object.values),
    Parameters.euclideanNorm(named(10)),
    Parameters.euclideanDistance(named(10), named(12))
  ]
}

const bits = Effect.gen(function* () {
  const { nativeOps } = yield* Backend
  const computed = [
    ...outputsOf(layer, {
      x: random([14, 21, 21, 64], 1),
      filter: random([3, 3, 64, 64], 2),
      few: random([3, 3, 32, 32], 6),
      scale: random([64], 16),
      offset: random([64], 17)
    }),
    ...outputsOf(contrast, { query: random([150, 24], 7), positive: random([150, 1], 9) }),
    ...updates()
  ]
  const hash = createHash("sha256")
  for (const tensor of computed) hash.update(tensor.dataSync())
  return `${nativeOps === undefined ? "without" : "with"} own ops: ${hash.digest("hex")}`
})

const threads = Number(process.argv[2])
const program = Effect.provide(bits, Backend.layerTensorflow({ threads }))
process.stdout.write(`${await Effect.runPromise(program)}\n`)
