import * as CounterRandom from "@moco/core/CounterRandom"
import * as Tensor from "@moco/core/Tensor"
import { Augmentation } from "@moco/data/Augmentation"
import type { LabelledDataset } from "@moco/data/Dataset"
import { readRange } from "@moco/data/ImageSource"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import type { SubjectEncoder } from "../Embedding.ts"
import { oneHotOf } from "../linear/logisticRegression.ts"
import { intsOf } from "../onHost.ts"
import { blocksOf } from "../unitRows.ts"
import { cosineRate, logitsOf, startLabelled, stateOf, stepLabelled, tensorsOf } from "./training.ts"

/** How a network is trained with labels. */
export interface LabelledTraining {
  readonly epochs: number
  /** At the beginning, of half a cosine to 0. */
  readonly learningRate: number
  /** Images. */
  readonly batchSize: number
  readonly momentum: number
  readonly weightDecay: number
}

/** Of the classifier, of the order of the images, and of their views: others than any step of a run sees. */
const seeds = { probe: 0, views: 0x5e1f }

const testBatch = 500

/**
 * Trains a copy of an encoder's backbone with a linear layer on it, by cross-entropy with labels and views as a run has
 * them, and lets it name the class of each evaluated image. The encoder stays as it is. Every image once an epoch in a
 * seeded order; those that are left over beside full batches are other ones in every epoch. Between steps others may run,
 * and it can be stopped.
 *
 * @param rows  training images whose labels are given, two or more
 * @returns a class for each image of `test`
 */
export const trainWithLabels = Effect.fn("trainWithLabels")(
  function* (
    { network, weights }: SubjectEncoder,
    { test, train }: Pick<LabelledDataset, "train" | "test">,
    rows: Int32Array,
    { batchSize, epochs, ...settings }: LabelledTraining
  ) {
    const { normalize, views } = yield* Augmentation
    const numClasses = train.classes.length
    const [first] = [yield* readRange(train, 0, 1)]
    const cell = yield* Tensor.cell("trainWithLabels.start", () => {
      const numFeatures = network.represent(weights(), normalize(first)).shape[1]
      return tensorsOf(startLabelled(weights(), [numFeatures, numClasses], seeds.probe))
    })

    const step = Effect.fnUntraced(function* (epoch: number, indices: Int32Array, learningRate: number) {
      const images = yield* train.read(indices)
      const lease = yield* Tensor.lease
      const next = yield* lease.run("trainWithLabels.step", () => {
        const keys = Array.from(indices, (index) => ({ seed: seeds.views, epoch, index, view: 0 }))
        const oneHot_NK = oneHotOf(
          indices.map((index) => train.labels[index]!),
          numClasses
        )
        const [state, view_NHWC] = [stateOf(cell.get()), views(images, keys)]
        const moved = { ...settings, learningRate }
        return tensorsOf(stepLabelled(network, state, view_NHWC, oneHot_NK, moved, lease.keep))
      })
      cell.replace(lease.handOver(next))
    }, Effect.scoped)

    const size = Math.min(batchSize, rows.length)
    const stepsPerEpoch = Math.floor(rows.length / size)
    for (let at = 0; at < epochs * stepsPerEpoch; at++) {
      const [epoch, batch] = [Math.floor(at / stepsPerEpoch), at % stepsPerEpoch]
      const some = orderOf(rows, epoch).subarray(batch * size, (batch + 1) * size)
      yield* step(epoch, some, cosineRate(settings.learningRate, at, epochs * stepsPerEpoch))
      yield* Effect.yieldNow
    }

    const said = new Int32Array(test.numImages)
    for (const [from, to] of blocksOf(test.numImages, testBatch)) {
      const images = yield* readRange(test, from, to)
      const some = yield* Tensor.run("trainWithLabels.said", () => {
        const state = stateOf(cell.get())
        return intsOf(() =>
          tf.argMax(logitsOf(network.represent(state.network, normalize(images)), state.classifier), 1)
        )
      })
      said.set(some, from)
      yield* Effect.yieldNow
    }
    return said
  },
  Effect.scoped,
  Effect.interruptible
)

const orderOf = (rows: Int32Array, epoch: number): Int32Array => {
  const random = CounterRandom.make(seeds.probe, CounterRandom.Purpose.probe, epoch, 4)
  return CounterRandom.permutation(random, rows.length).map((place) => rows[place]!)
}
