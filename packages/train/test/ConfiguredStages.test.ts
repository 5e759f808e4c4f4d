import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { ContrastiveLoss } from "@moco/core/ContrastiveLoss"
import { Dictionary } from "@moco/core/Dictionary"
import { QueryEncoder } from "@moco/core/Encoder"
import * as Tensor from "@moco/core/Tensor"
import { ViewPairs } from "@moco/data/ViewPairs"
import { LearningRate } from "@moco/train/LearningRate"
import { layersOf } from "@moco/train/PretrainLayers"
import { pretrainStep } from "@moco/train/PretrainStep"
import { applyOverrides, type RunConfig } from "@moco/train/RunConfig"
import { validConfig } from "@moco/train/testing/validConfig"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"

const small: RunConfig = {
  ...validConfig,
  encoder: { ...validConfig.encoder, layers: [1], width: 4, featureSize: 8, batchNormGroups: 2 },
  dictionary: { kind: "queue", size: 64 },
  training: { epochs: 4, batchSize: 16 }
}

/** Runs `use` on the stages of a config that differs from `small` in `sets`. */
const withStages = <A, E>(
  sets: Readonly<Record<string, string>>,
  use: Effect.Effect<A, E, Layer.Success<ReturnType<typeof layersOf>> | NodeServices.NodeServices>
) =>
  Effect.gen(function* () {
    const config = yield* applyOverrides(small, [], sets)
    return yield* Effect.provide(use, layersOf(config, { dataDirs: [] }))
  }).pipe(Effect.provide(NodeServices.layer))

const firstViews = Effect.flatMap(ViewPairs, ({ batch }) => Effect.map(batch(0), ({ views }) => views()))

const numbers = (tensor: tf.Tensor) => Array.from(tensor.dataSync())

describe("a config's seed", () => {
  const stages = {
    "the first views": Effect.map(firstViews, ({ viewK_NHWC, viewQ_NHWC }) => {
      const values = [viewQ_NHWC, viewK_NHWC].flatMap(numbers)
      viewQ_NHWC.dispose()
      viewK_NHWC.dispose()
      return values
    }),
    "the initial encoder": Effect.map(QueryEncoder, ({ parameters }) =>
      numbers(parameters.get()["conv1.weight"]!)
    ),
    "the initial queue": Effect.map(Dictionary, ({ snapshot }) => numbers(snapshot().tensors["queue"]!))
  }
  for (const [name, stage] of Object.entries(stages))
    it.effect(`decides ${name}`, () =>
      Effect.gen(function* () {
        const first = yield* withStages({ seed: "1" }, stage)
        assert.deepStrictEqual(yield* withStages({ seed: "1" }, stage), first)
        assert.notDeepEqual(yield* withStages({ seed: "2" }, stage), first)
      })
    )

  it.effect("decides the order in which keys are encoded", () =>
    withStages(
      {},
      Effect.gen(function* () {
        const viewPairs = yield* ViewPairs
        const { viewK_NHWC: key_NHWC, viewQ_NHWC: query_NHWC } = yield* firstViews
        // The same encoder and the same views: what is left is with whom a view is normalised.
        const similarities = Effect.gen(function* () {
          const dictionary = yield* Dictionary
          const lease = yield* Tensor.lease
          const directions = [{ query_NHWC, key_NHWC }]
          return yield* Tensor.run("test", () => {
            const prepared = dictionary.prepare({ step: 0, indices: Int32Array.of(), directions }, lease)
            const { positive_N1 } = prepared.similarities(tf.ones([16, 8]), 0, {})
            return numbers(positive_N1)
          })
        }).pipe(Effect.scoped)
        const same = {
          viewPairs: Layer.succeed(ViewPairs, viewPairs),
          encoder: Layer.succeed(QueryEncoder, yield* QueryEncoder)
        }
        const under = (seed: number) => Effect.provide(similarities, layersOf({ ...small, seed }, same))
        assert.deepStrictEqual(yield* under(1), yield* under(1))
        assert.notDeepEqual(yield* under(2), yield* under(1))
        query_NHWC.dispose()
        key_NHWC.dispose()
      })
    )
  )
})

describe("a config's schedules", () => {
  it.effect("have half the learning rate in the middle of a cosine, over the epochs of the run", () =>
    Effect.gen(function* () {
      const rate = yield* withStages(
        {},
        Effect.map(LearningRate, ({ at }) => at(2))
      )
      assert.closeTo(rate, small.optimizer.learningRate / 2, 1e-9)
    })
  )

  it.effect("raise the momentum over all steps, and not over the epochs' number of them", () => {
    const distances = Effect.gen(function* () {
      const takeStep = yield* pretrainStep
      const steps = [yield* takeStep(0), yield* takeStep(4), yield* takeStep(5)]
      return steps.map(({ metrics }) => metrics.encoderDistance!)
    })
    return Effect.gen(function* () {
      const rising = yield* withStages({ momentum: '{"kind":"cosine","m":0.5}' }, distances)
      const fixed = yield* withStages({ momentum: '{"kind":"ema","m":0.5}' }, distances)
      // In 2,000 steps, m has hardly moved at the fifth: what it did there is seen in the step after it.
      assert.isAbove(fixed[2]!, 0)
      assert.closeTo(rising[2]! / fixed[2]!, 1, 1e-3)
    })
  })
})

describe("a config's loss", () => {
  it.effect("looks in both directions where it is symmetric", () =>
    Effect.gen(function* () {
      const directions = Effect.gen(function* () {
        const { viewK_NHWC, viewQ_NHWC } = yield* firstViews
        const { length } = (yield* ContrastiveLoss).directions(viewQ_NHWC, viewK_NHWC)
        viewQ_NHWC.dispose()
        viewK_NHWC.dispose()
        return length
      })
      assert.strictEqual(yield* withStages({ "loss.symmetric": "false" }, directions), 1)
      assert.strictEqual(yield* withStages({ "loss.symmetric": "true" }, directions), 2)
    })
  )
})
