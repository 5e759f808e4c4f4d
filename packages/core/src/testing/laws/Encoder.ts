import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { Backend } from "../../Backend.ts"
import * as CounterRandom from "../../CounterRandom.ts"
import type { Network, Weights } from "../../Encoder.ts"
import { valueAndGradients } from "../../Gradient.ts"
import type { NamedTensors } from "../../Tensor.ts"
import { assertClose } from "../assertClose.ts"

/** An encoder that is held to the laws, and what it sees. */
export interface EncoderUse {
  readonly network: Network
  /** Height and width, pixels. */
  readonly imageSize: number
  readonly channels: number
  /** Images in a step. */
  readonly batchSize: number
}

/** What every encoder keeps, whatever it is made of. */
export const encoderLaws = (title: string, { batchSize, channels, imageSize, network }: EncoderUse): void => {
  const images = (count: number) => {
    const random = CounterRandom.make(1, CounterRandom.Purpose.synthetic)
    const values = CounterRandom.normals(random, count * imageSize ** 2 * channels)
    return tf.tensor4d(values, [count, imageSize, imageSize, channels])
  }
  const onTensorflow = (law: () => void) =>
    Effect.andThen(
      Backend,
      Effect.sync(() => tf.tidy(law))
    ).pipe(Effect.provide(Backend.layerTensorflow({ threads: 2 })))

  describe(`${title}, as every encoder`, () => {
    it.effect("begins as the seed says, and as no other", () =>
      onTensorflow(() => {
        assert.deepStrictEqual(valuesOf(network.init(3)), valuesOf(network.init(3)))
        assert.notDeepEqual(valuesOf(network.init(3)), valuesOf(network.init(4)))
      })
    )

    it.effect("gives features of length 1 in training", () =>
      onTensorflow(() => {
        const { feature_ND } = network.train(network.init(1), images(batchSize), (tensor) => tensor)
        assert.deepStrictEqual(feature_ND.shape, [batchSize, network.featureSize])
        for (const row of rows(feature_ND)) assert.closeTo(Math.hypot(...row), 1, 1e-6)
      })
    )

    it.effect("learns in every parameter: each has a gradient of its own form, not 0 everywhere", () =>
      onTensorflow(() => {
        const { parameters, statistics } = network.init(1)
        const direction = tf.tensor1d(Array.from({ length: network.featureSize }, (_, at) => at + 1))
        const { gradients } = valueAndGradients((named) => {
          const weights = { parameters: named, statistics }
          const { feature_ND } = network.train(weights, images(batchSize), (tensor) => tensor)
          return tf.sum(tf.square(tf.mul(feature_ND, direction))) as tf.Scalar
        }, parameters)
        assert.sameMembers(Object.keys(gradients), Object.keys(parameters))
        for (const [name, gradient] of Object.entries(gradients)) {
          assert.deepStrictEqual(gradient.shape, parameters[name]!.shape, name)
          assert.isTrue(
            gradient.dataSync().some((value) => value !== 0),
            `${name} has no gradient`
          )
        }
      })
    )

    it.effect("reports new running statistics by the names of the old ones, which it leaves", () =>
      onTensorflow(() => {
        const weights = network.init(1)
        const before = valuesOf(weights)
        for (const train of [network.train, network.trainBackbone]) {
          const kept: Array<tf.Tensor> = []
          const { statistics } = train(weights, images(batchSize), (tensor) => {
            kept.push(tensor)
            return tensor
          })
          assert.sameMembers(Object.keys(statistics), Object.keys(weights.statistics))
          assert.sameMembers(kept, Object.values(statistics))
          assert.deepStrictEqual(valuesOf(weights), before)
        }
      })
    )

    it.effect(
      "learns by its backbone in every parameter that its representation depends on, and in no other",
      () =>
        onTensorflow(() => {
          const { parameters, statistics } = network.init(1)
          const batch = images(batchSize)
          const { gradients } = valueAndGradients((named) => {
            const { row_NC } = network.trainBackbone({ parameters: named, statistics }, batch, same)
            assert.strictEqual(row_NC.shape[0], batchSize)
            const direction = tf.tensor1d(Array.from({ length: row_NC.shape[1] }, (_, at) => at + 1))
            return tf.sum(tf.square(tf.mul(row_NC, direction))) as tf.Scalar
          }, parameters)
          const before = rows(network.represent({ parameters, statistics }, batch))
          for (const [name, parameter] of Object.entries(parameters)) {
            const others = { ...parameters, [name]: tf.add(tf.mul(parameter, 3), 1) }
            const after = rows(network.represent({ parameters: others, statistics }, batch))
            const gradient = gradients[name]
            const learns = gradient?.dataSync().some((value) => value !== 0) ?? false
            assert.strictEqual(learns, String(after) !== String(before), name)
            if (gradient !== undefined) assert.deepStrictEqual(gradient.shape, parameter.shape, name)
          }
          assert.isAbove(Object.keys(gradients).length, 0)
        })
    )

    it.effect("represents in training as in evaluation, once the running statistics are the batch's", () =>
      onTensorflow(() => {
        const batch = images(batchSize)
        let weights = network.init(1)
        for (let step = 0; step < 80; step++) {
          weights = { ...weights, statistics: network.trainBackbone(weights, batch, same).statistics }
        }
        const expected = rows(network.trainBackbone(weights, batch, same).row_NC).flat()
        const actual = rows(network.represent(weights, batch)).flat()
        // They hold the variance without bias, which of few positions is some hundredths more.
        const off = Math.hypot(...actual.map((value, at) => value - expected[at]!))
        assert.isBelow(off / Math.hypot(...expected), 0.1)
      })
    )

    it.effect("represents an image the same in evaluation, whatever stands beside it", () =>
      onTensorflow(() => {
        const weights = network.init(1)
        const batch = images(5)
        const together = rows(network.represent(weights, batch))
        const reversed = rows(network.represent(weights, tf.reverse(batch, 0)))
        const alone = rows(network.represent(weights, tf.slice(batch, [3, 0, 0, 0], [1, -1, -1, -1])))
        assertClose(reversed.toReversed().flat(), together.flat(), 1e-5)
        assertClose(alone.flat(), together[3]!, 1e-5)
      })
    )
  })
}

const same = <T extends tf.Tensor>(tensor: T): T => tensor

const rows = (tensor: tf.Tensor) => tensor.arraySync() as Array<Array<number>>

const valuesOf = ({ parameters, statistics }: Weights) =>
  [parameters, statistics].map((tensors: NamedTensors) =>
    Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, [...tensor.dataSync()]]))
  )
