import { describe, it } from "@effect/vitest"
import * as CounterRandom from "@moco/core/CounterRandom"
import type { Weights } from "@moco/core/Encoder"
import * as ResNet from "@moco/core/Encoder/ResNet"
import type { ResNetConfig } from "@moco/core/Encoder/ResNetConfig"
import type { NamedTensors } from "@moco/core/Tensor"
import { assertClose, encoderLaws, tinyResNet as tiny } from "@moco/core/testing"
import * as tf from "@tensorflow/tfjs-core"
import { onTensorflow } from "./onTensorflow.ts"

const images = (count: number, size = 8, seed = 1) =>
  tf.tensor4d(
    CounterRandom.normals(CounterRandom.make(seed, CounterRandom.Purpose.synthetic), count * size * size),
    [count, size, size, 1]
  )

const rows = (tensor: tf.Tensor) => tensor.arraySync() as Array<Array<number>>
const keep = <T extends tf.Tensor>(tensor: T) => tensor

/** Without reading them into one: relative to features of length 1, float32 keeps six digits through a few layers. */
const assertRowsClose = (actual: Array<Array<number>>, expected: Array<Array<number>>, tolerance = 1e-5) => {
  assertClose(actual.flat(), expected.flat(), tolerance)
}

/** Section 3 of the ResNet paper in plain operations, for a CIFAR stem and two basic blocks, in evaluation mode. */
const residualNetwork = ({ parameters, statistics }: Weights, image_NHWC: tf.Tensor4D): tf.Tensor => {
  const conv = (x: tf.Tensor4D, name: string, stride: number) => {
    const filter = parameters[`${name}.weight`] as tf.Tensor4D
    const padding = (filter.shape[0] - 1) / 2
    const padded = tf.pad(x, [
      [0, 0],
      [padding, padding],
      [padding, padding],
      [0, 0]
    ])
    return tf.conv2d(padded as tf.Tensor4D, filter, stride, "valid")
  }
  const norm = (x: tf.Tensor4D, name: string) => {
    const centred = tf.sub(x, statistics[`${name}.running_mean`]!)
    const scaled = tf.div(centred, tf.sqrt(tf.add(statistics[`${name}.running_var`]!, 1e-5)))
    return tf.add(tf.mul(scaled, parameters[`${name}.weight`]!), parameters[`${name}.bias`]!) as tf.Tensor4D
  }
  const block = (x: tf.Tensor4D, name: string, stride: number) => {
    const first = tf.relu(norm(conv(x, `${name}.conv1`, stride), `${name}.bn1`))
    const second = norm(conv(first, `${name}.conv2`, 1), `${name}.bn2`)
    const isProjected = `${name}.downsample.0.weight` in parameters
    const shortcut = isProjected ? norm(conv(x, `${name}.downsample.0`, stride), `${name}.downsample.1`) : x
    return tf.relu(tf.add(second, shortcut)) as tf.Tensor4D
  }
  const stem = tf.relu(norm(conv(image_NHWC, "conv1", 1), "bn1"))
  return tf.mean(block(block(stem, "layer1.0", 1), "layer2.0", 2), [1, 2])
}

/** Statistics of which no two are equal: means around 0, variances around 1. */
const drawn = (statistics: NamedTensors): NamedTensors =>
  Object.fromEntries(
    Object.entries(statistics).map(([name, { size }], stream) => {
      const random = CounterRandom.make(9, CounterRandom.Purpose.synthetic, stream)
      const isVariance = name.endsWith("running_var")
      const values = CounterRandom.normals(random, size, 0.3)
      return [name, tf.tensor1d(isVariance ? values.map(Math.exp) : values)]
    })
  )

const bottlenecks = { ...tiny, block: "bottleneck", stem: "imagenet" } as const
for (const [title, config] of Object.entries<ResNetConfig>({
  "a ResNet with a CIFAR stem": tiny,
  "a ResNet with an ImageNet stem, bottlenecks and an MLP head": { ...bottlenecks, head: "mlp" },
  "a ResNet with split batch norm": { ...tiny, batchNormGroups: 3 },
  "a ResNeXt": { ...bottlenecks, groups: 4, groupWidth: 2 },
  "a ResNet whose 3x3 convolutions are wider": { ...bottlenecks, groupWidth: 8 }
})) {
  encoderLaws(title, { network: ResNet.make(config, 1), imageSize: 16, channels: 1, batchSize: 6 })
}

describe("ResNet", () => {
  it.effect("is the residual network of its paper", () =>
    onTensorflow(() => {
      const network = ResNet.make(tiny, 1)
      const { parameters, statistics } = network.init(1)
      const weights = { parameters, statistics: drawn(statistics) }
      const expected = rows(residualNetwork(weights, images(5)))
      assertRowsClose(rows(network.represent(weights, images(5))), expected)
    })
  )

  it.effect("evaluates by running statistics: by those of a batch as it is trained on that batch", () =>
    onTensorflow(() => {
      const network = ResNet.make(tiny, 1)
      const { parameters, statistics: initial } = network.init(1)
      const batch = images(64)
      const zeros = Object.fromEntries(
        Object.entries(initial).map(([name, tensor]) => [name, tf.zerosLike(tensor)])
      )
      const { feature_ND, statistics } = network.train({ parameters, statistics: zeros }, batch, keep)
      // From 0 they have gone a tenth of the way to the batch's.
      const ofBatch = Object.fromEntries(
        Object.entries(statistics).map(([name, tensor]) => [name, tf.mul(tensor, 10)])
      )
      const representation = network.represent({ parameters, statistics: ofBatch }, batch)
      const projected = tf.add(
        tf.matMul(representation, parameters["fc.weight"] as tf.Tensor2D, false, true),
        parameters["fc.bias"]!
      )
      const features = tf.div(projected, tf.norm(projected, 2, 1, true)) as tf.Tensor2D
      // They hold the variance without bias, of 1,024 positions at least: a thousandth more than a batch is divided by.
      assertRowsClose(rows(features), rows(feature_ND), 2e-3)
    })
  )

  it.effect(
    "gives in training what its head is put on, and takes batch norm of the whole batch for that",
    () =>
      onTensorflow(() => {
        const [whole, split] = [ResNet.make(tiny, 1), ResNet.make({ ...tiny, batchNormGroups: 3 }, 1)]
        const weights = whole.init(1)
        const batch = images(12)
        const { row_NC, statistics } = whole.trainBackbone(weights, batch, keep)
        const { parameters } = weights
        const projected = tf.add(
          tf.matMul(row_NC, parameters["fc.weight"] as tf.Tensor2D, false, true),
          parameters["fc.bias"]!
        )
        const trained = whole.train(weights, batch, keep)
        assertRowsClose(rows(tf.div(projected, tf.norm(projected, 2, 1, true))), rows(trained.feature_ND))
        const values = (tensors: NamedTensors) =>
          Object.values(tensors).map((tensor) => [...tensor.dataSync()])
        assertRowsClose(values(statistics), values(trained.statistics))
        assertRowsClose(rows(split.trainBackbone(weights, batch, keep).row_NC), rows(row_NC))
      })
  )

  it.effect("puts sample n into batch-norm group n mod groups: each group is a batch of its own", () =>
    onTensorflow(() => {
      const [whole, split] = [ResNet.make(tiny, 1), ResNet.make({ ...tiny, batchNormGroups: 3 }, 1)]
      const weights = whole.init(1)
      const batch = images(12)
      const together = split.train(weights, batch, keep)
      const statistics: Array<Array<number>> = []
      for (let group = 0; group < 3; group++) {
        const members = Array.from({ length: 4 }, (_, i) => group + 3 * i)
        const alone = whole.train(weights, tf.gather(batch, members), keep)
        assertRowsClose(rows(alone.feature_ND), rows(tf.gather(together.feature_ND, members)))
        statistics.push(Array.from(alone.statistics["bn1.running_var"]!.dataSync()))
      }
      // Running statistics are the mean of the groups' updates.
      const mean = statistics[0]!.map((_, i) => statistics.reduce((sum, group) => sum + group[i]!, 0) / 3)
      assertRowsClose([Array.from(together.statistics["bn1.running_var"]!.dataSync())], [mean])
    })
  )
})
