import * as tf from "@tensorflow/tfjs-core"
import * as CounterRandom from "../CounterRandom.ts"
import type { Weights } from "../Encoder.ts"
import { type ConvSpec, convsOf, filterSize, type LinearSpec, type ResNetLayout } from "./ResNetLayout.ts"

/**
 * Initial weights as torchvision's ResNet has them.
 *
 * Convolutions: Kaiming normal by fan-out (PyTorch's default for convolutions has about six times less
 * variance, and figures do not carry over; the authors' CIFAR notebook replaces torchvision's stem after it was
 * initialised, and so leaves its own at that default). Batch norm: 1 and 0. Linear layers: uniform by fan-in.
 * Each layer draws from a stream of its own, so adding one changes no other.
 */
export const initialWeights = (layout: ResNetLayout, seed: number): Weights => {
  const parameters: Record<string, tf.Tensor> = {}
  const statistics: Record<string, tf.Tensor> = {}
  let layer = 0
  const nextStream = () => CounterRandom.make(seed, CounterRandom.Purpose.encoderInit, layer++)
  for (const conv of convsOf(layout)) {
    parameters[`${conv.name}.weight`] = convolution(conv, nextStream())
    parameters[`${conv.norm}.weight`] = tf.ones([conv.outputs])
    parameters[`${conv.norm}.bias`] = tf.zeros([conv.outputs])
    statistics[`${conv.norm}.running_mean`] = tf.zeros([conv.outputs])
    statistics[`${conv.norm}.running_var`] = tf.ones([conv.outputs])
  }
  for (const linear of layout.head) Object.assign(parameters, fullyConnected(linear, nextStream()))
  return { parameters, statistics }
}

const convolution = (conv: ConvSpec, random: CounterRandom.CounterRandom): tf.Tensor => {
  const { groups, inputs, kernel, outputs } = conv
  // Of all outputs, with groups too, as PyTorch counts them: of one group they are `groups` times fewer.
  const fanOut = kernel * kernel * outputs
  const values = CounterRandom.normals(random, filterSize(conv), Math.sqrt(2 / fanOut))
  return tf.tensor4d(values, [kernel, kernel, inputs / groups, outputs])
}

const fullyConnected = ({ inputs, name, outputs }: LinearSpec, random: CounterRandom.CounterRandom) => {
  const bound = 1 / Math.sqrt(inputs)
  const uniforms = (size: number) =>
    Float32Array.from({ length: size }, () => bound * (2 * random.uniform() - 1))
  return {
    [`${name}.weight`]: tf.tensor2d(uniforms(outputs * inputs), [outputs, inputs]),
    [`${name}.bias`]: tf.tensor1d(uniforms(outputs))
  }
}
