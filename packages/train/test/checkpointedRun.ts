import { Backend } from "@moco/core/Backend"
import { sha256 } from "@moco/train/Checkpoint/manifest"
import { type CheckpointEvery, Checkpoints } from "@moco/train/Checkpoints"
import { RecordedEvents, RunLog } from "@moco/train/RunLog"
import { RunState } from "@moco/train/RunState"
import { sampleFingerprint } from "@moco/train/testing"
import { validConfig } from "@moco/train/testing/validConfig"
import { Effect, Layer } from "effect"
import { inTemporary as inFolder } from "./inTemporary.ts"
import { type TinySettings, tinyRun } from "./tinyRun.ts"

/** What is trained, unless a test says otherwise: three epochs of eight steps. */
export const settings = { numEpochs: 3 }
export const numSteps = 24

const optionsOf = (root: string, every: CheckpointEvery, keep = 1000) => ({
  root,
  every,
  keep,
  config: validConfig,
  fingerprint: sampleFingerprint,
  onCorrupt: () => Effect.void
})

/** A tiny run with checkpoints under `root`. */
export const runOf = (
  root: string,
  tiny: TinySettings,
  every: CheckpointEvery = { steps: 1 },
  keep?: number
) =>
  Checkpoints.layerFolder(optionsOf(root, every, keep)).pipe(
    Layer.provideMerge(RunState.layer),
    Layer.provideMerge(
      Layer.mergeAll(
        Layer.provideMerge(tinyRun(tiny), Backend.layerTensorflow({ threads: 2 })),
        RunLog.layerMemory
      )
    )
  )

/** Everything a run's future depends on, as one hash. */
export const stateHash = Effect.gen(function* () {
  const { counters, parts } = yield* (yield* RunState).capture
  return sha256(
    JSON.stringify([counters, Object.entries(parts).map(([name, bytes]) => [name, sha256(bytes)])])
  )
})

/** The losses that the log has, by step. */
export const losses = Effect.gen(function* () {
  const events = yield* (yield* RecordedEvents).all
  return events.flatMap((event) => (event.event === "step" ? [[event.step, event.metrics["loss"]]] : []))
})

/** A test with a folder for checkpoints, in which nothing is yet. */
export const inTemporary = <E>(test: Parameters<typeof inFolder<E>>[0]) => inFolder(test, "checkpoints")
