import { mkdirSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Checkpoints } from "@moco/train/Checkpoints"
import { pretrain } from "@moco/train/Pretrain"
import { type RunEvent, RunLog } from "@moco/train/RunLog"
import { sampleFingerprint } from "@moco/train/testing"
import { Effect, Layer } from "effect"
import { eventsOf, stepsOf } from "./history.ts"
import { checkpointsOf, freshFolder, removeRun } from "./programs.ts"
import type { Effort, Verdict } from "./Section.ts"
import { tinyConfig, tinyTrainer } from "./tinyTrainer.ts"

/** Growth that is allowed, in bytes a step over the last half of the steps. */
const allowedSlope = 1024

/** Of the embedded images in batches of 32. */
const stepsPerEpoch = 250

interface Sample {
  readonly step: number
  readonly tensors: number
  readonly rss: number
}

/**
 * Tensors and memory over many steps of a real run, with its log and its checkpoints on disk: as many tensors at the end
 * as after the first hundredth, and no growth.
 */
export const leaks = Effect.fn("torture.leaks")(function* ({ report, short }: Effort) {
  const [numEpochs, sampleEvery, saveEvery] = short ? [1, 5, 10] : [40, 100, 500]
  const numSteps = numEpochs * stepsPerEpoch
  const folder = freshFolder()
  mkdirSync(folder)
  const samples: Array<Sample> = []
  const saved = new Set<string>()
  const observe = Effect.fnUntraced(function* (event: RunEvent) {
    if (event.event !== "step" || (event.step + 1) % sampleEvery !== 0) return
    const step = event.step + 1
    for (const name of checkpointsOf(folder)) saved.add(name)
    samples.push({ step, tensors: event.metrics["numTensors"]!, rss: process.memoryUsage().rss })
    if (samples.length % 25 === 0) yield* report(`leaks: ${step}/${numSteps} steps`)
  })
  yield* pretrain({ numEpochs }).pipe(Effect.provide(runIn(folder, saveEvery, observe)))
  for (const name of checkpointsOf(folder)) saved.add(name)
  const numLogged = stepsOf(eventsOf(folder)).length
  removeRun(folder)
  const [first, last] = [samples[0]!, samples.at(-1)!]
  const slope = slopeOf(samples.slice(samples.length / 2).map(({ rss, step }) => [step, rss]))
  const isWhole = numLogged === numSteps && saved.size >= numSteps / saveEvery
  const verdict: Verdict = {
    // A short run is mostly warming up, so its memory says nothing.
    ok: isWhole && first.tensors === last.tensors && (short || slope < allowedSlope),
    counts: {
      steps: numLogged,
      checkpoints: saved.size,
      tensorsFirst: first.tensors,
      tensorsLast: last.tensors,
      rssBytesPerStep: Math.round(slope),
      rssMiB: Math.round(last.rss / 2 ** 20)
    }
  }
  return verdict
})

/** The stages of a run, its log and its checkpoints in `folder`. */
const runIn = (folder: string, steps: number, observe: (event: RunEvent) => Effect.Effect<void>) => {
  const config = tinyConfig("queue")
  const checkpoints = Checkpoints.layerFolder({
    root: join(folder, "checkpoints"),
    every: { steps },
    keep: 2,
    config,
    fingerprint: sampleFingerprint,
    onCorrupt: () => Effect.void
  })
  const runLog = RunLog.layerTee(observe).pipe(
    Layer.provide(RunLog.layerJsonLines(join(folder, "metrics.jsonl")))
  )
  return Layer.merge(checkpoints, runLog).pipe(
    Layer.provideMerge(tinyTrainer("queue")),
    Layer.provide(NodeServices.layer)
  )
}

/** Slope of the straight line that fits best. */
const slopeOf = (points: ReadonlyArray<readonly [number, number]>): number => {
  const mean = (values: ReadonlyArray<number>) =>
    values.reduce((sum, value) => sum + value, 0) / values.length
  const x = mean(points.map(([step]) => step))
  const y = mean(points.map(([, rss]) => rss))
  const covariance = mean(points.map(([step, rss]) => (step - x) * (rss - y)))
  return covariance / mean(points.map(([step]) => (step - x) ** 2))
}
