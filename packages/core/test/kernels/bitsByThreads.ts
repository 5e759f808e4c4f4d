import { createHash } from "node:crypto"
import { Backend } from "@moco/core/Backend"
import * as CounterRandom from "@moco/core/CounterRandom"
import { valueAndGradients } from "@moco/core/Gradient"
import { shared } from "@moco/core/Similarities"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { infoNce } from "../../src/internal/infoNce.ts"
import { batchNorm } from "../../src/internal/kernels/batchNorm.ts"
import { conv2d } from "../../src/internal/kernels/conv2d.ts"

// Prints a hash of what the project's own ops compute on as many threads as asked for: node bitsByThreads.ts 3

const random = (shape: ReadonlyArray<number>, seed: number) => {
  const size = shape.reduce((product, length) => product * length, 1)
  const stream = CounterRandom.make(seed, CounterRandom.Purpose.synthetic)
  return tf.tensor(CounterRandom.normals(stream, size), [...shape])
}

/** Few and many channels, images that tiles do not fill, a stride, split batch norm, a shortcut. */
const layer = ({ few, filter, narrow, x }: Readonly<Record<string, tf.Tensor>>) => {
  const y = conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1)
  const ones = tf.ones([64]) as tf.Tensor1D
  const weights = { scale_C: ones, offset_C: ones, runningMean_C: ones, runningVariance_C: ones }
  const { y_NHWC } = batchNorm(y, weights, 2, { addRelu: y })
  const small = conv2d(conv2d(y_NHWC, narrow as tf.Tensor4D, 2), few as tf.Tensor4D, 1)
  return tf.sum(tf.mul(small, tf.add(small, 1))) as tf.Scalar
}

/** More negatives than a task takes. */
const contrast = ({ key, query }: Readonly<Record<string, tf.Tensor>>) => {
  const positive_N1 = tf.sum<tf.Tensor2D>(tf.mul(query!, key!), 1, true)
  const negatives = shared(query as tf.Tensor2D, random([9000, 24], 7) as tf.Tensor2D)
  const { closest_N1, mean } = infoNce(5)({ positive_N1, negatives }, tf.keep)
  return tf.add(mean, tf.sum(closest_N1)) as tf.Scalar
}

const bits = Effect.gen(function* () {
  const { nativeOps } = yield* Backend
  const ofLayer = valueAndGradients(layer, {
    x: random([14, 21, 21, 64], 1),
    filter: random([3, 3, 64, 64], 2),
    narrow: random([3, 3, 64, 16], 3),
    few: random([3, 3, 16, 16], 4)
  })
  const ofContrast = valueAndGradients(contrast, { query: random([150, 24], 5), key: random([150, 24], 6) })
  const hash = createHash("sha256")
  for (const { gradients, value } of [ofLayer, ofContrast])
    for (const tensor of [value, ...Object.values(gradients)]) hash.update(tensor.dataSync())
  return `${nativeOps === undefined ? "without" : "with"} own ops: ${hash.digest("hex")}`
})

const threads = Number(process.argv[2])
const program = Effect.provide(bits, Backend.layerTensorflow({ threads }))
process.stdout.write(`${await Effect.runPromise(program)}\n`)
