import { layersOf } from "@moco/train/PretrainLayers"
import { pretrainStep } from "@moco/train/PretrainStep"
import type { RunConfig } from "@moco/train/RunConfig"
import { type CapturedState, RunState } from "@moco/train/RunState"
import { fashionMnistQuick } from "@moco/train/recipes/fashionMnistQuick"
import { Effect, Layer } from "effect"
import { type Mechanism, mechanisms } from "./programs.ts"

/** The production stages on the embedded images, with a tiny encoder: some milliseconds a step. */
export const tinyConfig = (mechanism: Mechanism): RunConfig => {
  const quick = fashionMnistQuick()
  return {
    ...quick,
    encoder: {
      ...quick.encoder,
      stem: "imagenet",
      layers: [1],
      // The least that the project's own ops compute.
      width: 16,
      featureSize: 16,
      batchNormGroups: 2
    },
    dictionary: mechanisms[mechanism],
    // Two epochs in 500 steps; the queue is full after 32.
    training: { epochs: 1000, batchSize: 32 }
  }
}

/** A trainer of its own, as after a new start of the program. */
export const tinyTrainer = (mechanism: Mechanism) =>
  RunState.layer.pipe(Layer.provideMerge(layersOf(tinyConfig(mechanism), { dataDirs: [] })))

/** Continues from `state` (or begins) at step `from`, takes steps up to `to`, and gives the states asked for on the way. */
export const train = Effect.fnUntraced(function* (
  from: number,
  to: number,
  state: CapturedState | undefined,
  at: ReadonlySet<number> = new Set()
) {
  const runState = yield* RunState
  const takeStep = yield* pretrainStep
  if (state !== undefined) yield* runState.restore(state)
  const seen = new Map<number, CapturedState>()
  for (let step = from; step < to; step++) {
    if (at.has(step)) seen.set(step, yield* runState.capture)
    yield* takeStep(step)
    yield* Effect.yieldNow
  }
  return { seen, end: yield* runState.capture }
})
