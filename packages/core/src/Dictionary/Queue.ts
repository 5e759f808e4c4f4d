import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer, Schema } from "effect"
import { Collective } from "../Collective.ts"
import * as CounterRandom from "../CounterRandom.ts"
import {
  Dictionary,
  type DictionaryMemory,
  type DictionarySnapshot,
  type DictionaryStep,
  type PreparedStep
} from "../Dictionary.ts"
import { adopt, KeyEncoder, QueryEncoder, snapshotOf, snapshotOfWeights } from "../Encoder.ts"
import { relativeDistance } from "../internal/distance.ts"
import { enqueue } from "../internal/enqueue.ts"
import { randomUnitRows } from "../internal/randomUnitRows.ts"
import { KeyShuffle } from "../KeyShuffle.ts"
import { MomentumUpdate } from "../MomentumUpdate.ts"
import { dictionarySize } from "../Setting.ts"
import * as Similarities from "../Similarities.ts"
import * as Snapshot from "../Snapshot.ts"
import * as Stage from "../Stage.ts"
import * as Tensor from "../Tensor.ts"

/** What a config says of the queue. */
export const Settings = Schema.Struct({
  kind: Schema.Literal("queue"),
  size: dictionarySize.annotate({
    description: "keys in the queue, K; also the number of negatives",
    unit: "keys"
  })
})

/** What a queue holds in memory: key encoder and moments beside the query encoder, and the next queue beside the old. */
export const memoryOf = ({ size }: Pick<typeof Settings.Type, "size">): DictionaryMemory => ({
  encoderCopies: 3,
  rows: [{ setting: "dictionary.size", what: "keys", count: size, times: 2 }]
})

/** Settings of the queue. */
export interface QueueSettings {
  /** K, the number of keys that wait; also the number of negatives. */
  readonly size: number
  readonly seed: number
}

/**
 * The FIFO queue of He et al. 2020: the K newest keys of a slowly moving key encoder.
 *
 * It starts with random unit rows. Slot `pointer` is the oldest and is written next, so any number of keys may
 * be enqueued at once. A batch's own keys enter after its loss and are never among its negatives.
 */
export const layer = ({ seed, size }: QueueSettings) =>
  Layer.effect(
    Dictionary,
    Effect.gen(function* () {
      yield* Stage.check(
        "Queue",
        Stage.count("size", size, "keys that wait in the queue, K; also the number of negatives"),
        Stage.seed(seed)
      )
      const query = yield* QueryEncoder
      const key = yield* KeyEncoder
      const momentum = yield* MomentumUpdate
      const shuffle = yield* KeyShuffle
      const { allGather } = yield* Collective
      const noise = () => ({
        queue: randomUnitRows(
          CounterRandom.make(seed, CounterRandom.Purpose.queueInit),
          size,
          key.network.featureSize
        )
      })
      const cell = yield* Tensor.cell("Queue.init", noise)
      const queue_KD = () => cell.get()["queue"] as tf.Tensor2D
      const counters = { pointer: 0, filled: 0 }

      /** The key encoder's parameters of a step. */
      const moved = (step: number) => momentum.next(key.parameters.get(), query.parameters.get(), step)

      /** Encodes each direction's keys with the moved key encoder, which keeps its own running statistics. */
      const encodeKeys = ({ directions, step }: DictionaryStep, lease: Tensor.Lease) => {
        // Left to the tidy, and made again when the step settles: the gradient needs the memory of an encoder more.
        const parameters = moved(step)
        let statistics = key.statistics.get()
        const keys_ND = directions.map(({ key_NHWC }, direction) => {
          const key_ND = shuffle.encode(key_NHWC, { step, direction }, (view_NHWC) => {
            const encoded = key.network.train({ parameters, statistics }, view_NHWC, lease.keep)
            statistics = encoded.statistics
            return encoded.feature_ND
          })
          return lease.keep(key_ND)
        })
        return { statistics, keys_ND }
      }

      const prepare = (dictionaryStep: DictionaryStep, lease: Tensor.Lease): PreparedStep => {
        const { keys_ND, statistics } = encodeKeys(dictionaryStep, lease)
        const negatives_KD = queue_KD()
        return {
          similarities: (query_ND, direction) => ({
            positive_N1: tf.sum(tf.mul(query_ND, keys_ND[direction]!), 1, true),
            negatives: Similarities.shared(query_ND, negatives_KD)
          }),
          settle: () => {
            // The authors enqueue the second direction's keys before the first's.
            const own_MD = keys_ND.length === 1 ? keys_ND[0]! : tf.concat2d(keys_ND.toReversed(), 0)
            const enqueued_MD = lease.keep(allGather(own_MD))
            const next_KD = lease.keep(enqueue(negatives_KD, enqueued_MD, counters.pointer))
            const numKeys = enqueued_MD.shape[0]
            const parameters = moved(dictionaryStep.step)
            for (const parameter of Object.values(parameters)) lease.keep(parameter)
            return {
              entering: { queue: enqueued_MD, ...snapshotOfWeights({ parameters, statistics }, "key") },
              commit: () => {
                key.parameters.replace(lease.handOver(parameters))
                key.statistics.replace(lease.handOver(statistics))
                cell.replace(lease.handOver({ queue: next_KD }))
                counters.pointer = (counters.pointer + numKeys) % size
                counters.filled = Math.min(size, counters.filled + numKeys)
              }
            }
          }
        }
      }

      const tensors = () => ({ ...cell.get(), ...snapshotOf(key, "key") })
      return Dictionary.of({
        prepare,
        trained: () => ({}),
        numNegatives: size,
        fill: () => counters.filled / size,
        encoderDistance: () => relativeDistance(query.parameters.get(), key.parameters.get()),
        snapshot: () => ({ tensors: tensors(), counters: { ...counters } }),
        initial: () => ({
          tensors: { ...noise(), ...snapshotOfWeights(key.initial(), "key") },
          counters: { pointer: 0, filled: 0 }
        }),
        restore: Effect.fnUntraced(function* (snapshot: DictionarySnapshot) {
          const operation = "Queue.restore"
          const most = { pointer: size - 1, filled: size }
          const { filled, pointer } = yield* Snapshot.counters(operation, most, snapshot.counters)
          if (filled < size && pointer !== filled) {
            yield* Snapshot.refuse(operation, `its counter pointer is ${pointer}, and filled is ${filled}`)
          }
          const inRange = Effect.andThen(
            Snapshot.requireUnitRows(operation, "queue", snapshot.tensors),
            Snapshot.requireVariances(operation, snapshot.tensors)
          )
          const copies = yield* Tensor.copiesLike(operation, tensors(), snapshot.tensors, inRange)
          cell.replace({ queue: copies["queue"]! })
          adopt(key, copies, "key")
          Object.assign(counters, { pointer, filled })
        })
      })
    })
  )
