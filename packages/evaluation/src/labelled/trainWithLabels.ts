import * as CounterRandom from "@moco/core/CounterRandom"
import type { Network } from "@moco/core/Encoder"
import * as Tensor from "@moco/core/Tensor"
import { Augmentation } from "@moco/data/Augmentation"
import { firstOwnView } from "@moco/data/AugmentationPlan"
import type { LabelledDataset } from "@moco/data/Dataset"
import { readRange } from "@moco/data/ImageSource"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { imagesAtOnce, type SubjectEncoder } from "../Embedding.ts"
import { oneHotOf } from "../linear/logisticRegression.ts"
import { intsOf } from "../onHost.ts"
import { blocksOf } from "../unitRows.ts"
import {
  cosineRate,
  type LabelledState,
  logitsOf,
  settleStatistics,
  startLabelled,
  stateOf,
  stepLabelled,
  tensorsOf
} from "./training.ts"

/** How a network is trained with labels. */
interface LabelledTraining {
  readonly epochs: number
  /** At the beginning, of half a cosine to 0. */
  readonly learningRate: number
  /** Images. */
  readonly batchSize: number
  readonly momentum: number
  readonly weightDecay: number
}

/** Of the classifier, of the order of the images, and of their views: others than the rest of the evaluations see. */
const seeds = { probe: 0, views: 0x5e1f }

/** Batches by which running statistics of batch norm, of momentum 0.1, have come to what they are of: 0.5 % are left. */
const settled = 50

/**
 * Trains a copy of an encoder's backbone with a linear layer on it, by cross-entropy with labels and views as a run has
 * them, and lets it name the class of each evaluated image. The encoder stays as it is. Every image once an epoch in a
 * seeded order; those that are left over beside full batches are other ones in every epoch. Where there are few steps, so
 * many batches follow without one that the running statistics are those of the trained weights. Between steps others may
 * run, and it can be stopped.
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
    const { normalize } = yield* Augmentation
    const first = yield* readRange(train, 0, 1)
    const cell = yield* Tensor.cell("trainWithLabels.start", () => {
      const numFeatures = network.represent(weights(), normalize(first)).shape[1]
      return tensorsOf(startLabelled(weights(), [numFeatures, train.classes.length], seeds.probe))
    })
    const numSteps = epochs * Math.floor(rows.length / Math.min(batchSize, rows.length))
    const numBatches = Math.max(numSteps, settled)
    const batchOf = batches(rows, batchSize)
    for (let at = 0; at < numBatches; at++) {
      const make = yield* labelledBatch(train, batchOf(at))
      const learningRate = cosineRate(settings.learningRate, at, numSteps)
      yield* replaced(cell, (state, keep) => {
        const { oneHot_NK, view_NHWC } = make()
        if (at >= numSteps) return settleStatistics(network, state, view_NHWC, keep)
        return stepLabelled(network, state, view_NHWC, oneHot_NK, { ...settings, learningRate }, keep)
      })
      yield* Effect.yieldNow
    }
    return yield* saidOf(network, stateOf(cell.get()), test)
  },
  Effect.scoped,
  Effect.interruptible
)

interface Batch {
  readonly epoch: number
  readonly indices: Int32Array
}

/** Full batches of an epoch after the other, each epoch in an order of its own. */
const batches = (rows: Int32Array, batchSize: number): ((at: number) => Batch) => {
  const size = Math.min(batchSize, rows.length)
  const perEpoch = Math.floor(rows.length / size)
  let last = { epoch: -1, order: rows }
  return (at) => {
    const [epoch, batch] = [Math.floor(at / perEpoch), at % perEpoch]
    if (last.epoch !== epoch) last = { epoch, order: orderOf(rows, epoch) }
    return { epoch, indices: last.order.subarray(batch * size, (batch + 1) * size) }
  }
}

const orderOf = (rows: Int32Array, epoch: number): Int32Array => {
  const random = CounterRandom.make(seeds.probe, CounterRandom.Purpose.probe, epoch, 4)
  return CounterRandom.permutation(random, rows.length).map((place) => rows[place]!)
}

/** Reads a batch, and gives what makes its tensors. */
const labelledBatch = Effect.fnUntraced(function* (
  { classes, labels, read }: LabelledDataset["train"],
  { epoch, indices }: Batch
) {
  const { views } = yield* Augmentation
  const images = yield* read(indices)
  const keys = Array.from(indices, (index) => ({ seed: seeds.views, epoch, index, view: firstOwnView }))
  const own = indices.map((index) => labels[index]!)
  return () => ({ view_NHWC: views(images, keys), oneHot_NK: oneHotOf(own, classes.length) })
})

/** Puts the next state in the place of the present one, or keeps that where it fails. */
const replaced = Effect.fnUntraced(function* (
  cell: Tensor.TensorCell,
  next: (state: LabelledState, keep: Tensor.Keep) => LabelledState
) {
  const lease = yield* Tensor.lease
  const tensors = yield* lease.run("trainWithLabels.step", () =>
    tensorsOf(next(stateOf(cell.get()), lease.keep))
  )
  cell.replace(lease.handOver(tensors))
}, Effect.scoped)

/** The class that a trained network names for each image. */
const saidOf = Effect.fnUntraced(function* (
  network: Network,
  state: LabelledState,
  test: LabelledDataset["test"]
) {
  const { normalize } = yield* Augmentation
  const said = new Int32Array(test.numImages)
  for (const [from, to] of blocksOf(test.numImages, imagesAtOnce)) {
    const images = yield* readRange(test, from, to)
    const some = yield* Tensor.run("trainWithLabels.said", () =>
      intsOf(() =>
        tf.argMax(logitsOf(network.represent(state.network, normalize(images)), state.classifier), 1)
      )
    )
    said.set(some, from)
    yield* Effect.yieldNow
  }
  return said
})
