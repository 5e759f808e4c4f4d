import { Backend } from "@moco/core/Backend"
import { ContrastiveLoss } from "@moco/core/ContrastiveLoss"
import { Dictionary, type DictionarySnapshot } from "@moco/core/Dictionary"
import * as Queue from "@moco/core/Dictionary/Queue"
import { KeyEncoder, QueryEncoder, weightsOf } from "@moco/core/Encoder"
import * as ResNet from "@moco/core/Encoder/ResNet"
import { KeyShuffle } from "@moco/core/KeyShuffle"
import { MomentumUpdate } from "@moco/core/MomentumUpdate"
import * as Tensor from "@moco/core/Tensor"
import { toTorch } from "@moco/core/TorchTensors"
import { ViewPairs } from "@moco/data/ViewPairs"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import { Diagnostics } from "./Diagnostics.ts"
import { LearningRate } from "./LearningRate.ts"
import { Optimizer } from "./Optimizer.ts"
import * as Fixture from "./Parity/Fixture.ts"
import { pretrainStep } from "./PretrainStep.ts"

/** Largest absolute difference to the recorded values, by quantity. `ok` is decided by the first four. */
export interface ParityReport {
  readonly fixture: string
  readonly backend: string
  readonly tolerance: number
  readonly loss: number
  readonly query: number
  readonly key: number
  readonly queue: number
  readonly encoder_q: number
  readonly encoder_k: number
  readonly momentum: number
  readonly ok: boolean
}

/**
 * Replays a recorded run of PyTorch through the production step and services. Only what supplies the views and
 * the shuffle's order is replaced, and the diagnostics are listened to for the queries.
 *
 * An input of a ReLU that is nearer to zero than it is rounded may flip between libraries and move a few moments,
 * though loss and features agree: so `loss`, `query`, `key` and `queue` decide. By TensorFlow's ops that is within 1e-7
 * of zero, by the project's own within 1e-5, as Winograd's convolutions round more.
 *
 * @param tolerance  largest absolute difference that is `ok`
 */
export const replay = Effect.fn("Parity.replay")(function* (fixtureDir: string, tolerance: number) {
  const fixture = yield* Fixture.read(fixtureDir)
  const queries: Array<Float32Array> = []
  return yield* compare(fixture, queries, tolerance).pipe(Effect.provide(layersOf(fixture, queries)))
}, Effect.scoped)

const compare = Effect.fnUntraced(function* (
  fixture: Fixture.Fixture,
  queries: ReadonlyArray<Float32Array>,
  tolerance: number
) {
  const { description, expected } = fixture
  const dictionary = yield* Dictionary
  const initialQueue = yield* Tensor.scoped("Parity.queue", () =>
    tf.tensor2d(fixture.queue, [description.K, description.dim])
  )
  yield* dictionary.restore({
    tensors: { ...dictionary.snapshot().tensors, queue: initialQueue },
    counters: { pointer: 0, filled: 0 }
  })
  const takeStep = yield* pretrainStep
  const worst = { loss: 0, query: 0, key: 0 }
  for (let step = 0; step < description.steps; step++) {
    const { metrics } = yield* takeStep(step)
    const keys = lastEnqueued(dictionary.snapshot(), description.batch)
    worst.loss = Math.max(worst.loss, difference([metrics.loss], expected[`step${step}.loss`]))
    worst.query = Math.max(worst.query, difference(queries[step]!, expected[`step${step}.query`]))
    worst.key = Math.max(worst.key, difference(keys, newest(expected[`step${step}.key`], keys.length)))
    yield* Effect.yieldNow
  }
  const final = yield* finalDifferences(expected)
  const decisive = Math.max(worst.loss, worst.query, worst.key, final.queue)
  const { name } = yield* Backend
  const report: ParityReport = {
    fixture: description.name,
    backend: name,
    tolerance,
    ...worst,
    ...final,
    // Written so that NaN is not ok.
    ok: decisive <= tolerance
  }
  return report
})

const finalDifferences = Effect.fnUntraced(function* (expected: Fixture.Values) {
  const query = weightsOf(yield* QueryEncoder)
  const key = weightsOf(yield* KeyEncoder)
  const moments = (yield* Optimizer).snapshot()
  const { tensors } = (yield* Dictionary).snapshot()
  const worst = (prefix: string, actual: Tensor.NamedTensors) =>
    Math.max(
      ...Object.entries(toTorch(actual)).map(([name, { data }]) =>
        difference(data, expected[`${prefix}${name}`])
      )
    )
  return yield* Tensor.run("Parity.final", () => ({
    queue: worst("final.", { queue: tensors["queue"]! }),
    encoder_q: worst("final.encoder_q.", { ...query.parameters, ...query.statistics }),
    encoder_k: worst("final.encoder_k.", { ...key.parameters, ...key.statistics }),
    momentum: worst("final.momentum.", moments)
  }))
})

/** The rows that were written last: with a symmetric loss these are the keys of the first direction. */
const lastEnqueued = ({ counters, tensors }: DictionarySnapshot, batchSize: number) => {
  const queue = tensors["queue"]!
  const [size, featureSize] = queue.shape as [number, number]
  // A queue that is shorter than the batch keeps its last keys only.
  const numKeys = Math.min(size, batchSize)
  const values = queue.dataSync()
  const rows = new Float32Array(numKeys * featureSize)
  for (let row = 0; row < numKeys; row++) {
    const slot = (counters["pointer"]! - numKeys + row + size) % size
    rows.set(values.subarray(slot * featureSize, (slot + 1) * featureSize), row * featureSize)
  }
  return rows
}

/** The last `length` values of a record. */
const newest = (recorded: Float32Array | undefined, length: number) =>
  recorded?.subarray(Math.max(0, recorded.length - length))

/** Largest absolute difference; NaN or a missing or differently sized record is infinitely far. */
const difference = (actual: ArrayLike<number | bigint>, expected: Float32Array | undefined): number => {
  if (expected === undefined || expected.length !== actual.length) return Number.POSITIVE_INFINITY
  let worst = 0
  for (let i = 0; i < expected.length; i++) {
    const distance = Math.abs(Number(actual[i]) - expected[i]!)
    if (!(distance <= worst)) worst = Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance
  }
  return worst
}

const layersOf = (fixture: Fixture.Fixture, queries: Array<Float32Array>) => {
  const { description } = fixture
  const network = {
    ...ResNet.make(Fixture.encoderConfig(description), description.channels),
    init: () => Fixture.initialWeights(fixture)
  }
  const loss = description.symmetric ? ContrastiveLoss.layerInfoNceSymmetric : ContrastiveLoss.layerInfoNce
  const stages = Layer.mergeAll(
    listenTo(queries).pipe(Layer.provide(Diagnostics.layer)),
    Optimizer.layerSgd({ momentum: description.momentum, weightDecay: description.wd })
  )
  return stages.pipe(
    Layer.provideMerge(
      Layer.mergeAll(
        Layer.succeed(
          ViewPairs,
          ViewPairs.of({
            stepsPerEpoch: description.steps,
            batch: (step) => Effect.succeed(Fixture.batch(fixture, step))
          })
        ),
        Queue.layer({ size: description.K, seed: 0 }),
        loss({ temperature: description.T }),
        LearningRate.layerConstant(description.lr)
      )
    ),
    Layer.provideMerge(
      Layer.mergeAll(
        KeyEncoder.layer.pipe(Layer.provideMerge(QueryEncoder.layer(network, 0))),
        MomentumUpdate.layerEma(description.m),
        KeyShuffle.layerOrder((key) => Fixture.shuffleOrder(fixture, key))
      )
    )
  )
}

/** The production diagnostics; the first direction's queries are copied out as they pass. */
const listenTo = (queries: Array<Float32Array>) =>
  Layer.effect(
    Diagnostics,
    Effect.map(Diagnostics, ({ measure }) =>
      Diagnostics.of({
        measure: (observed) => {
          queries[observed.step] = observed.queries_ND[0]!.dataSync() as Float32Array
          return measure(observed)
        }
      })
    )
  )
