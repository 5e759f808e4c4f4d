import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as ResNet from "@moco/core/Encoder/ResNet"
import type { HostTensor } from "@moco/core/Safetensors"
import { stateDict } from "@moco/core/TorchTensors"
import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import { layersOf } from "@moco/train/PretrainLayers"
import { pretrainStep } from "@moco/train/PretrainStep"
import type { RunConfig } from "@moco/train/RunConfig"
import { RunState } from "@moco/train/RunState"
import { validConfig } from "@moco/train/testing/validConfig"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import { stateHash } from "./checkpointedRun.ts"

const config: RunConfig = {
  ...validConfig,
  data: { ...validConfig.data, imageSize: 8 },
  encoder: { ...validConfig.encoder, layers: [1], width: 4, featureSize: 8, batchNormGroups: 2 },
  dictionary: { kind: "queue", size: 16 },
  training: { epochs: 1, batchSize: 10 },
  evaluations: {}
}
const dataset = layerSynthetic({
  ...{ numTrain: 60, numTest: 8, height: 8, width: 8 },
  ...{ channels: 1, numClasses: 3, seed: 1 }
})

const mechanisms: ReadonlyArray<Partial<RunConfig>> = [
  {},
  { dictionary: { kind: "endToEnd", weights: "separate" } },
  { dictionary: { kind: "endToEnd", weights: "shared" } },
  {
    dictionary: { kind: "memoryBank", size: 16, entryMomentum: 0.5, redrawOwn: true },
    // A loss with a state of its own.
    loss: { kind: "nce", temperature: 0.1, symmetric: false }
  }
]

/** The state of a run before its first step, and what it goes back to after two of them. */
const beforeAndAfter = (
  mechanism: Partial<RunConfig>,
  tensors: Readonly<Record<string, HostTensor>> | undefined
) => {
  const given = tensors && { initial: { source: "mine", sha256: "ab", tensors } }
  const stages = RunState.layer.pipe(
    Layer.provideMerge(layersOf({ ...config, ...mechanism }, { dataDirs: [], dataset, ...given })),
    Layer.provideMerge(NodeServices.layer)
  )
  return Effect.gen(function* () {
    const before = yield* stateHash
    const takeStep = yield* pretrainStep
    yield* takeStep(0)
    yield* takeStep(1)
    assert.notStrictEqual(yield* stateHash, before)
    yield* (yield* RunState).reset
    return { before, after: yield* stateHash }
  }).pipe(Effect.provide(stages))
}

describe("What a run goes back to at its beginning", () => {
  for (const mechanism of mechanisms) {
    it.effect(`is what it began with, of its seed or given, with ${JSON.stringify(mechanism)}`, () =>
      Effect.gen(function* () {
        const seeds = yield* beforeAndAfter(mechanism, undefined)
        assert.strictEqual(seeds.after, seeds.before)
        let tensors: Readonly<Record<string, HostTensor>> = {}
        tf.tidy(() => {
          tensors = stateDict(ResNet.make(config.encoder, 1).init(77), 5)
        })
        const given = yield* beforeAndAfter(mechanism, tensors)
        assert.notStrictEqual(given.before, seeds.before)
        assert.strictEqual(given.after, given.before)
      })
    )
  }
})
