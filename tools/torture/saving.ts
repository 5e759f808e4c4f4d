import * as NodeServices from "@effect/platform-node/NodeServices"
import { Backend } from "@moco/core/Backend"
import { ContrastiveLoss } from "@moco/core/ContrastiveLoss"
import * as Queue from "@moco/core/Dictionary/Queue"
import { KeyEncoder, QueryEncoder } from "@moco/core/Encoder"
import * as ResNet from "@moco/core/Encoder/ResNet"
import { KeyShuffle } from "@moco/core/KeyShuffle"
import { MomentumUpdate } from "@moco/core/MomentumUpdate"
import * as Store from "@moco/train/Checkpoint/store"
import { Checkpoints } from "@moco/train/Checkpoints"
import { Optimizer } from "@moco/train/Optimizer"
import { RunState } from "@moco/train/RunState"
import { sampleFingerprint, sampleManifest } from "@moco/train/testing"
import { Effect, Layer } from "effect"
import { freshFolder, removeRun } from "./programs.ts"
import type { Effort, Verdict } from "./Section.ts"
import { tinyConfig } from "./tinyTrainer.ts"

/** What a save of a ResNet-18 state may take, in milliseconds. */
const allowedMs = 1000

/** What a save may hold up training by beside the copy, in milliseconds. */
const allowedHoldUpMs = 50

/** How many times as long everything may take in the short form, which runs beside other tests. */
const shortSlack = 6

/**
 * Steps to a save, and milliseconds that each works for: together longer than a save takes, as one that is due before
 * the last one is on disk has to wait for it.
 */
const stepsPerSave = 10
const stepMs = 100

/**
 * Saves the state of a ResNet-18 with both encoders, moments and a queue of 4,096: how long it takes, and how long
 * training stands still for it where it goes on meanwhile.
 */
export const saving = Effect.fn("torture.saving")(function* ({ report, short }: Effort) {
  const numSaves = short ? 5 : 20
  const root = freshFolder()
  const { mebibytes, saves } = yield* Effect.provide(alone(root, numSaves), resNet18)
  removeRun(root)
  yield* report(`saving: ${numSaves} saves of ${mebibytes} MiB, median ${median(saves)} ms`)
  const other = freshFolder()
  const { copies, holdUps } = yield* Effect.provide(beside(other, numSaves), resNet18)
  removeRun(other)
  const waits = holdUps.map((ms, n) => ms - copies[n]!)
  yield* report(`saving: held up for ${median(holdUps)} ms a save, ${median(copies)} ms of it by the copy`)
  const slack = short ? shortSlack : 1
  const verdict: Verdict = {
    ok: median(saves) < slack * allowedMs && median(waits) <= slack * allowedHoldUpMs,
    counts: {
      saves: numSaves,
      mebibytes,
      saveMedianMs: median(saves),
      saveMaxMs: Math.round(Math.max(...saves)),
      copyMedianMs: median(copies),
      holdUpMedianMs: median(holdUps),
      holdUpMaxMs: Math.round(Math.max(...holdUps)),
      holdUpBesideCopyMedianMs: median(waits)
    }
  }
  return verdict
}, Effect.provide(NodeServices.layer))

/** Saves with nothing beside them. */
const alone = Effect.fnUntraced(function* (root: string, numSaves: number) {
  const state = yield* RunState
  const saves: Array<number> = []
  let numBytes = 0
  for (let n = 0; n < numSaves; n++) {
    const start = performance.now()
    const { counters, parts } = yield* state.capture
    numBytes = Object.values(parts).reduce((sum, bytes) => sum + bytes.length, 0)
    yield* Store.save(root, { manifest: { ...sampleManifest(tinyConfig("queue"), n), counters }, parts })
    saves.push(performance.now() - start)
  }
  return { saves, mebibytes: Math.round(numBytes / 2 ** 20) }
})

/** Milliseconds that every save takes from the steps up to the next one, and those of them that its copy takes. */
const beside = Effect.fnUntraced(function* (root: string, numSaves: number) {
  const copies: Array<number> = []
  const holdUps: Array<number> = []
  yield* Effect.gen(function* () {
    const { afterStep } = yield* Checkpoints
    for (let step = 1; step < stepsPerSave * (numSaves + 1); step++) {
      work(stepMs)
      if (step % stepsPerSave === 0) holdUps.push(0)
      const { progress } = sampleManifest(tinyConfig("queue"), step)
      const position = { step, stepsPerEpoch: Number.POSITIVE_INFINITY }
      const ms = yield* timed(afterStep(position, Effect.succeed(progress)))
      if (holdUps.length > 0) holdUps[holdUps.length - 1]! += ms
      yield* Effect.yieldNow
    }
  }).pipe(Effect.provide(Layer.provide(checkpoints(root), timedCopies(copies))))
  return { copies, holdUps }
})

const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const start = performance.now()
    return Effect.map(effect, () => performance.now() - start)
  })

/** The state, with the milliseconds of every copy written down. */
const timedCopies = (copies: Array<number>) =>
  Layer.effect(
    RunState,
    Effect.map(RunState, (state) => ({
      ...state,
      capture: Effect.suspend(() => {
        const start = performance.now()
        return Effect.tap(state.capture, () => Effect.sync(() => copies.push(performance.now() - start)))
      })
    }))
  )

/** Keeps the process busy, as a step does: nothing else gets a turn. */
const work = (ms: number): void => {
  const end = performance.now() + ms
  while (performance.now() < end);
}

const median = (values: ReadonlyArray<number>): number =>
  Math.round(values.toSorted((a, b) => a - b)[values.length >> 1]!)

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
  Layer.provideMerge(ContrastiveLoss.layerInfoNce({ temperature: 0.1 })),
  Layer.provideMerge(Queue.layer({ size: 4096, seed: 1 })),
  Layer.provideMerge(Layer.mergeAll(KeyEncoder.layer, MomentumUpdate.layerEma(0.999), KeyShuffle.layerNone)),
  Layer.provideMerge(QueryEncoder.layer(network, 1)),
  Layer.provideMerge(Backend.layerTensorflow({ threads: 2 }))
)

const checkpoints = (root: string) =>
  Checkpoints.layerFolder({
    root,
    every: { steps: stepsPerSave },
    keep: 2,
    config: tinyConfig("queue"),
    fingerprint: sampleFingerprint,
    onCorrupt: () => Effect.void
  })
