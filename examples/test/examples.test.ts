import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { dictionaryOf, type StageOptions } from "@moco/train/PretrainLayers"
import { Effect, Layer } from "effect"
import { layerCancelNear } from "../own-dictionary.ts"
import { layerDecoupled } from "../own-loss.ts"
import { config, trainWith } from "../train.ts"

/** The example on a still smaller encoder, so that its test takes seconds. */
const small = {
  ...config,
  encoder: { ...config.encoder, layers: [1], width: 8, featureSize: 32 },
  dictionary: { kind: "queue", size: 256 },
  training: { epochs: 1, batchSize: 200 },
  optimizer: { ...config.optimizer, schedule: { kind: "constant" } }
} as const

const lossesOf = (stages: Omit<StageOptions, "dataDirs">) =>
  Effect.map(trainWith(stages, small).pipe(Effect.provide(NodeServices.layer)), ({ losses }) => losses)

const mean = (values: ReadonlyArray<number>) => values.reduce((sum, value) => sum + value, 0) / values.length

describe("examples", () => {
  it.effect("train with a dictionary of the user's own, which counts once negatives come near", () =>
    Effect.gen(function* () {
      const plain = yield* lossesOf({})
      const cancelled = yield* lossesOf({
        dictionary: layerCancelNear(0.8).pipe(Layer.provide(dictionaryOf(small)))
      })
      assert.strictEqual(cancelled.length, plain.length)
      // No row of the random initial queue is near a query; keys of other images soon are.
      assert.strictEqual(cancelled[0], plain[0])
      assert.notStrictEqual(cancelled.at(-1), plain.at(-1))
    })
  )

  it.effect("train with a loss of the user's own, which falls", () =>
    Effect.gen(function* () {
      const losses = yield* lossesOf({ loss: layerDecoupled(0.1) })
      assert.strictEqual(losses.length, 40)
      assert.isBelow(mean(losses.slice(-5)), mean(losses.slice(4, 9)))
    })
  )
})
