import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer, Schema } from "effect"
import {
  Dictionary,
  type DictionaryMemory,
  type DictionarySnapshot,
  type DictionaryStep,
  type PreparedStep
} from "../Dictionary.ts"
import { adopt, type Encoder, KeyEncoder, QueryEncoder, snapshotOf, snapshotOfWeights } from "../Encoder.ts"
import { relativeDistance } from "../internal/distance.ts"
import { KeyShuffle } from "../KeyShuffle.ts"
import * as Similarities from "../Similarities.ts"
import * as Snapshot from "../Snapshot.ts"
import * as Stage from "../Stage.ts"
import * as Tensor from "../Tensor.ts"

/** What a config says of end-to-end training. */
export const Settings = Schema.Struct({
  kind: Schema.Literal("endToEnd"),
  weights: Schema.Literals(["separate", "shared"]).annotate({
    description: "two encoders, each with its own gradient, or one for both views"
  })
})

/** What it holds in memory: with two encoders, both and the moments of both. */
export const memoryOf = ({ weights }: Pick<typeof Settings.Type, "weights">): DictionaryMemory => ({
  encoderCopies: weights === "separate" ? 4 : 2,
  rows: []
})

/** Settings of end-to-end training. */
export interface EndToEndSettings {
  /** Images in a step; its keys are the dictionary. */
  readonly batchSize: number
}

/** Name under which the key encoder's parameters are trained. */
const trainedAs = "key"

/**
 * End-to-end training with two encoders (He et al. 2020, figure 2a): the dictionary is the keys of the batch, and the
 * gradient reaches both encoders. They start equal; the optimizer moves each by its own gradient.
 *
 * A query's negatives are the N - 1 other keys of its batch, so the dictionary can only grow with the batch.
 */
export const layerSeparate = ({ batchSize }: EndToEndSettings) =>
  Layer.effect(
    Dictionary,
    Effect.gen(function* () {
      yield* checkBatch(batchSize)
      const query = yield* QueryEncoder
      const key = yield* KeyEncoder
      const prepare = yield* preparation(key.network, key.statistics, (parameters) =>
        Tensor.unprefixed(parameters, trainedAs)
      )
      return Dictionary.of({
        prepare: (step, lease) => {
          const prepared = prepare(step, lease)
          return {
            ...prepared,
            settle: (outcome) => {
              const settled = prepared.settle(outcome)
              const parameters = Tensor.unprefixed(outcome.parameters, trainedAs)
              return {
                entering: snapshotOfWeights({ parameters, statistics: settled.entering }, "key"),
                commit: () => {
                  settled.commit()
                  key.parameters.replace(lease.handOver(parameters))
                }
              }
            }
          }
        },
        trained: () => Tensor.prefixed(key.parameters.get(), trainedAs),
        numNegatives: batchSize - 1,
        fill: () => 1,
        encoderDistance: () => relativeDistance(query.parameters.get(), key.parameters.get()),
        snapshot: () => ({ tensors: snapshotOf(key, "key"), counters: {} }),
        initial: () => ({ tensors: snapshotOfWeights(key.initial(), "key"), counters: {} }),
        restore: (snapshot: DictionarySnapshot) =>
          Effect.map(copiesOf(snapshotOf(key, "key"), snapshot), (copies) => adopt(key, copies, "key"))
      })
    })
  )

/**
 * End-to-end training with one encoder: keys are encoded by the query encoder's weights, which get the gradient of
 * both roles. Batch norm's running statistics of the keys are kept apart, as with two encoders.
 */
export const layerShared = ({ batchSize }: EndToEndSettings) =>
  Layer.effect(
    Dictionary,
    Effect.gen(function* () {
      yield* checkBatch(batchSize)
      const query = yield* QueryEncoder
      const statistics = yield* Tensor.cell("EndToEnd.init", () => Tensor.clone(query.statistics.get()))
      return Dictionary.of({
        prepare: yield* preparation(query.network, statistics, (parameters) => parameters),
        trained: () => ({}),
        numNegatives: batchSize - 1,
        fill: () => 1,
        encoderDistance: () => undefined,
        snapshot: () => ({ tensors: statistics.get(), counters: {} }),
        initial: () => ({ tensors: query.initial().statistics, counters: {} }),
        restore: (snapshot: DictionarySnapshot) =>
          Effect.map(copiesOf(statistics.get(), snapshot), (copies) => statistics.replace(copies))
      })
    })
  )

const checkBatch = (batchSize: number) =>
  Stage.check(
    "EndToEnd",
    Stage.count("batchSize", batchSize, "a query's negatives are the other keys of its batch", 2)
  )

/** End-to-end training counts nothing. */
const copiesOf = (current: Tensor.NamedTensors, { counters, tensors }: DictionarySnapshot) => {
  const operation = "EndToEnd.restore"
  const inRange = Snapshot.requireVariances(operation, tensors)
  return Effect.andThen(
    Snapshot.counters(operation, {}, counters),
    Tensor.copiesLike(operation, current, tensors, inRange)
  )
}

/** Encodes the keys inside `similarities`, so that the gradient flows; `weightsOf` picks the key encoder's. */
const preparation = (
  network: Encoder["network"],
  cell: Tensor.TensorCell,
  weightsOf: (parameters: Tensor.NamedTensors) => Tensor.NamedTensors
) =>
  Effect.map(
    KeyShuffle,
    (shuffle) =>
      ({ directions, step }: DictionaryStep, lease: Tensor.Lease): PreparedStep => {
        let statistics = cell.get()
        return {
          similarities: (query_ND, direction, parameters) => {
            const key_ND = shuffle.encode(
              directions[direction]!.key_NHWC,
              { step, direction },
              (view_NHWC) => {
                const weights = { parameters: weightsOf(parameters), statistics }
                const encoded = network.train(weights, view_NHWC, lease.keep)
                statistics = encoded.statistics
                return encoded.feature_ND
              }
            )
            return similaritiesInBatch(query_ND, key_ND)
          },
          settle: () => ({
            entering: statistics,
            commit: () => cell.replace(lease.handOver(statistics))
          })
        }
      }
  )

/** Row n's positive is column n, its negatives are all other columns in their order. */
const similaritiesInBatch = (query_ND: tf.Tensor2D, key_ND: tf.Tensor2D): Similarities.Similarities => {
  const size = query_ND.shape[0]
  const all_NN = tf.matMul(query_ND, key_ND, false, true)
  // Read on from the second number, N + 1 a row: the diagonal is the last column.
  const wrapped = tf.reshape(tf.slice1d(tf.reshape(all_NN, [-1]), 1, size * size - 1), [size - 1, size + 1])
  const negative_NK = tf.reshape<tf.Rank.R2>(tf.slice(wrapped, [0, 0], [size - 1, size]), [size, size - 1])
  return {
    positive_N1: tf.sum<tf.Tensor2D>(tf.mul(query_ND, key_ND), 1, true),
    negatives: Similarities.perQuery(negative_NK)
  }
}
