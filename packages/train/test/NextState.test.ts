import { assert, describe, it } from "@effect/vitest"
import { ContrastiveLoss } from "@moco/core/ContrastiveLoss"
import { Dictionary } from "@moco/core/Dictionary"
import * as EndToEnd from "@moco/core/Dictionary/EndToEnd"
import * as MemoryBank from "@moco/core/Dictionary/MemoryBank"
import * as Queue from "@moco/core/Dictionary/Queue"
import { KeyEncoder, type Network, QueryEncoder } from "@moco/core/Encoder"
import { MomentumUpdate } from "@moco/core/MomentumUpdate"
import { negativeSimilarities } from "@moco/core/Similarities"
import type { NamedTensors } from "@moco/core/Tensor"
import { ViewPairs } from "@moco/data/ViewPairs"
import { Optimizer } from "@moco/train/Optimizer"
import { pretrainStep } from "@moco/train/PretrainStep"
import * as tf from "@tensorflow/tfjs-core"
import { type Context, Effect, Layer } from "effect"
import { stateOf } from "./stateOf.ts"
import { backends, type TinySettings, tinyRun } from "./tinyRun.ts"

/** The number that is put in, while it is to be. */
interface Poison {
  value: number | undefined
}

/** The tensor with the poison as its last number. */
const spoiled = <T extends tf.Tensor>(tensor: T, { value = 0 }: Poison): T => {
  const others = tf.zeros<tf.Rank.R1>([tensor.size - 1])
  return tf.add(tensor, tf.reshape(tf.concat1d([others, tf.tensor1d([value])]), tensor.shape)) as T
}

/** The tensors, the one of this name spoiled. */
const spoiledAt = (tensors: NamedTensors, name: string, poison: Poison): NamedTensors => ({
  ...tensors,
  [name]: spoiled(tensors[name]!, poison)
})

/** A layer with a service in place of the one that it is made from. */
const changed =
  <I, S>(service: Context.Service<I, S>, change: (before: S) => S) =>
  <A, E, R>(layer: Layer.Layer<A, E, R>) =>
    layer.pipe(Layer.provide(Layer.effect(service, Effect.map(service, change))))

/** Running statistics that are spoiled on their way out of a network. */
const spoiledStatistics = (network: Network, name: string, poison: Poison): Network => ({
  ...network,
  train: (weights, view_NHWC, keep) => {
    const encoded = network.train(weights, view_NHWC, keep)
    const statistics = spoiledAt(encoded.statistics, name, poison)
    keep(statistics[name]!)
    return { ...encoded, statistics }
  }
})

const spoiledUpdate =
  (kind: "parameters" | "moments", name: string, poison: Poison) =>
  (optimizer: Optimizer["Service"]): Optimizer["Service"] => ({
    ...optimizer,
    prepare: (parameters, gradients, rate, lease) => {
      const update = optimizer.prepare(parameters, gradients, rate, lease)
      const next = spoiledAt(update[kind], name, poison)
      lease.keep(next[name]!)
      return { ...update, [kind]: next }
    }
  })

/** Moves the key encoder as it should for the keys, and to what is no number for the next step. */
const spoiledMove =
  (name: string, poison: Poison) =>
  (momentum: MomentumUpdate["Service"]): MomentumUpdate["Service"] => {
    let calls = 0
    return {
      next: (key, query, step) => {
        const next = momentum.next(key, query, step)
        return ++calls % 2 === 0 ? spoiledAt(next, name, poison) : next
      }
    }
  }

/** A loss that does not look at the queries' own keys, so that nothing but what enters tells of them. */
const deaf = (loss: ContrastiveLoss["Service"]): ContrastiveLoss["Service"] => ({
  ...loss,
  compare: ({ negatives }, keep) => {
    const negative_NK = negativeSimilarities(negatives)
    return { mean: tf.mean(negative_NK), closest_N1: keep(tf.max(negative_NK, 1, true)) }
  }
})

const spoiledViews =
  (poison: Poison) =>
  (pairs: ViewPairs["Service"]): ViewPairs["Service"] => ({
    ...pairs,
    batch: (step) =>
      Effect.map(pairs.batch(step), (batch) => ({
        ...batch,
        views: () => {
          const views = batch.views()
          return { ...views, viewK_NHWC: spoiled(views.viewK_NHWC, poison) }
        }
      }))
  })

/** The bank is given queries that differ from those of the loss. */
const spoiledQueries =
  (poison: Poison) =>
  (dictionary: Dictionary["Service"]): Dictionary["Service"] => ({
    ...dictionary,
    prepare: (step, lease) => {
      const prepared = dictionary.prepare(step, lease)
      return {
        ...prepared,
        settle: (outcome) =>
          prepared.settle({ ...outcome, queries_ND: outcome.queries_ND.map((row) => spoiled(row, poison)) })
      }
    }
  })

type Mechanism = NonNullable<TinySettings["dictionary"]>
type TakeStep = typeof pretrainStep

const queue: Mechanism = Queue.layer({ size: 20, seed: 1 })
const bank: Mechanism = MemoryBank.layer({
  ...{ size: 30, numImages: 64, entryMomentum: 0.5, redrawOwn: true, seed: 1 }
})
const separate: Mechanism = EndToEnd.layerSeparate({ batchSize: 8 })
const shared: Mechanism = EndToEnd.layerShared({ batchSize: 8 })

const ofKeys = (name: string, poison: Poison) =>
  changed(KeyEncoder, (key) => ({ ...key, network: spoiledStatistics(key.network, name, poison) }))

/** Where a number that is none can come into a state from, and the name that the error gives to it. */
const ways: ReadonlyArray<
  readonly [
    name: string,
    way: string,
    mechanism: (poison: Poison) => Mechanism,
    take?: (poison: Poison) => (takeStep: TakeStep) => TakeStep
  ]
> = [
  ...(
    [
      ["a queue", queue],
      ["a memory bank", bank],
      ["two encoders end to end", separate]
    ] as const
  ).flatMap(([title, mechanism]) => {
    const plain = () => mechanism
    return [
      [
        "layer2.0.conv1.weight",
        `parameters, with ${title}`,
        plain,
        (poison: Poison) =>
          Effect.updateService(Optimizer, spoiledUpdate("parameters", "layer2.0.conv1.weight", poison))
      ],
      [
        "moments.fc.bias",
        `moments, with ${title}`,
        plain,
        (poison: Poison) => Effect.updateService(Optimizer, spoiledUpdate("moments", "fc.bias", poison))
      ],
      [
        "bn1.running_var",
        `statistics, with ${title}`,
        plain,
        (poison: Poison) =>
          Effect.updateService(QueryEncoder, (query) => ({
            ...query,
            network: spoiledStatistics(query.network, "bn1.running_var", poison)
          }))
      ]
    ] as const
  }),
  [
    "dictionary.key.parameters.fc.weight",
    "the key encoder of a queue",
    (poison) => changed(MomentumUpdate, spoiledMove("fc.weight", poison))(queue)
  ],
  [
    "dictionary.key.statistics.bn1.running_mean",
    "the key encoder's statistics of a queue",
    (poison) => ofKeys("bn1.running_mean", poison)(queue)
  ],
  [
    "dictionary.key.statistics.bn1.running_mean",
    "the key encoder's statistics end to end",
    (poison) => ofKeys("bn1.running_mean", poison)(separate)
  ],
  [
    "dictionary.queue",
    "the keys of a queue",
    () => queue,
    (poison) => (takeStep) =>
      takeStep.pipe(
        Effect.updateService(ViewPairs, spoiledViews(poison)),
        Effect.updateService(ContrastiveLoss, deaf)
      )
  ],
  [
    "dictionary.bank",
    "the entries of a memory bank",
    () => bank,
    (poison) => Effect.updateService(Dictionary, spoiledQueries(poison))
  ],
  [
    "key.fc.weight",
    "a trained key encoder",
    () => separate,
    (poison) => Effect.updateService(Optimizer, spoiledUpdate("parameters", "key.fc.weight", poison))
  ],
  [
    "bn1.running_var",
    "statistics, with one encoder end to end",
    () => shared,
    (poison) =>
      Effect.updateService(QueryEncoder, (query) => ({
        ...query,
        network: spoiledStatistics(query.network, "bn1.running_var", poison)
      }))
  ]
]

describe("a step whose next state holds what is no number", () => {
  for (const backend of backends)
    for (const [name, way, mechanism, take = () => (takeStep: TakeStep) => takeStep] of ways)
      it.effect(`is not applied, and ${name} is named: ${way}, on ${backend.name}`, () => {
        const poison: Poison = { value: undefined }
        return Effect.gen(function* () {
          const takeStep = yield* take(poison)(pretrainStep)
          yield* takeStep(0)
          const before = yield* stateOf
          const { numTensors } = tf.memory()
          for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
            poison.value = value
            const error = yield* Effect.flip(takeStep(1))
            assert.strictEqual(error._tag, "NonFinite")
            if (error._tag !== "NonFinite") return
            assert.deepInclude(error, { step: 1, metric: "the next state", learningRate: 0.05 })
            assert.include([...error.where], name)
            assert.deepStrictEqual(yield* stateOf, before)
            assert.strictEqual(tf.memory().numTensors, numTensors)
          }
          poison.value = undefined
          yield* takeStep(1)
        }).pipe(Effect.provide(Layer.provideMerge(tinyRun({ dictionary: mechanism(poison) }), backend.layer)))
      })
})
