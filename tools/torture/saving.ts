import * as NodeServices from "@effect/platform-node/NodeServices"
import { Backend } from "@moco/core/Backend"
import * as Queue from "@moco/core/Dictionary/Queue"
import { KeyEncoder, QueryEncoder } from "@moco/core/Encoder"
import * as ResNet from "@moco/core/Encoder/ResNet"
import { KeyShuffle } from "@moco/core/KeyShuffle"
import { MomentumUpdate } from "@moco/core/MomentumUpdate"
import * as Store from "@moco/train/Checkpoint/store"
import { Optimizer } from "@moco/train/Optimizer"
import { RunState } from "@moco/train/RunState"
import { Effect, Layer } from "effect"
import { freshFolder, removeRun } from "./programs.ts"
import type { Effort, Verdict } from "./Section.ts"
import { tinyConfig } from "./tinyTrainer.ts"

/** What a save of a ResNet-18 state may take, and how long it may hold up training, in milliseconds. */
const allowedMs = 1000

/** Saves the state of a ResNet-18 with both encoders, moments and a queue of 4,096: the copy, and all of it. */
export const saving = Effect.fn("torture.saving")(function* ({ report, short }: Effort) {
  const numSaves = short ? 2 : 20
  const root = freshFolder()
  const copies: Array<number> = []
  const saves: Array<number> = []
  let mebibytes = 0
  yield* Effect.gen(function* () {
    const state = yield* RunState
    for (let n = 0; n < numSaves; n++) {
      const start = performance.now()
      const { counters, parts } = yield* state.capture
      copies.push(performance.now() - start)
      mebibytes = Object.values(parts).reduce((sum, bytes) => sum + bytes.length, 0) / 2 ** 20
      yield* Store.save(root, { manifest: { ...manifest(n), counters }, parts })
      saves.push(performance.now() - start)
    }
  }).pipe(Effect.provide(resNet18))
  removeRun(root)
  const median = (values: ReadonlyArray<number>) =>
    Math.round(values.toSorted((a, b) => a - b)[values.length >> 1]!)
  yield* report(`saving: ${numSaves} saves of ${mebibytes.toFixed(0)} MiB, median ${median(saves)} ms`)
  const verdict: Verdict = {
    ok: median(saves) < allowedMs,
    counts: {
      saves: numSaves,
      mebibytes: Math.round(mebibytes),
      copyMedianMs: median(copies),
      saveMedianMs: median(saves),
      saveMaxMs: Math.round(Math.max(...saves))
    }
  }
  return verdict
}, Effect.provide(NodeServices.layer))

const network = ResNet.make(
  {
    block: "basic",
    layers: [2, 2, 2, 2],
    width: 64,
    stem: "cifar",
    head: "linear",
    featureSize: 128,
    batchNormGroups: 1
  },
  3
)

const resNet18 = RunState.layer.pipe(
  Layer.provideMerge(Optimizer.layerSgd({ momentum: 0.9, weightDecay: 5e-4 })),
  Layer.provideMerge(Queue.layer({ size: 4096, seed: 1 })),
  Layer.provideMerge(Layer.mergeAll(KeyEncoder.layer, MomentumUpdate.layerEma(0.999), KeyShuffle.layerNone)),
  Layer.provideMerge(QueryEncoder.layer(network, 1)),
  Layer.provideMerge(Backend.layerTensorflow({ threads: 2 }))
)

const manifest = (step: number) => ({
  format: 1 as const,
  savedAt: "2026-01-01T00:00:00.000Z",
  config: tinyConfig("queue"),
  fingerprint: {
    backend: "tensorflow",
    version: "2.21.0",
    device: "cpu",
    threads: 2,
    oneDnn: "",
    cpuFeatures: [],
    node: process.version
  },
  progress: {
    step,
    trainingSeconds: 1,
    evaluationSeconds: 1,
    logPosition: 0,
    evaluations: {},
    evaluatedAt: 0,
    rateFactor: 1
  }
})
