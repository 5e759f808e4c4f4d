import { Backend } from "@moco/core/Backend"
import { Dictionary } from "@moco/core/Dictionary"
import { threadsIn } from "@moco/core/EnvironmentInvalid"
import { Augmentation } from "@moco/data/Augmentation"
import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import { Effect } from "effect"
import { type BlockSettings, measureBlocks } from "./Bench/blocks.ts"
import { stepFlops } from "./Bench/flops.ts"
import { addUsage, LoadMeter, othersShare, usageBetween } from "./Bench/LoadMeter.ts"
import { measureMachine } from "./Bench/machine.ts"
import { type BenchReport, median } from "./Bench/report.ts"
import { layersOf } from "./PretrainLayers.ts"
import { pretrainStep } from "./PretrainStep.ts"
import type { RunConfig } from "./RunConfig.ts"
import { observeSpans } from "./Spans.ts"
import * as StageTimes from "./StageTimes.ts"

export type { BenchReport } from "./Bench/report.ts"

/** A training step to be measured: a config, and what a config does not say. */
export interface Workload {
  readonly config: RunConfig
  /** Height and width of the images, pixels. */
  readonly imageSize: number
  readonly channels: number
  /** Whether views differ from their images; the time of an augmentation is part of the step. */
  readonly augment: boolean
}

/** Images that the steps of a workload are drawn from. */
export const numImages = ({ config }: Pick<Workload, "config">): number => 2 * config.training.batchSize

/** The stages of the real trainer, on synthetic images. */
export const layersOfWorkload = (workload: Workload) => {
  const { augment, channels, config, imageSize } = workload
  const dataset = layerSynthetic({
    numTrain: numImages(workload),
    numTest: 1,
    height: imageSize,
    width: imageSize,
    channels,
    numClasses: 10,
    seed: config.seed
  })
  const augmentation = augment ? {} : { augmentation: Augmentation.layerNone }
  const unevaluated = { ...config, data: { ...config.data, imageSize }, evaluations: {} }
  return layersOf(unevaluated, { dataset, ...augmentation })
}

/** How long, and how carefully. */
export interface BenchSettings extends BlockSettings {
  /** Steps that come first and do not count: memory is taken, code is compiled. */
  readonly warmUp: number
}

/** Measures the real training step, and beside it the machine and what else runs on it. */
export const bench = Effect.fn("bench")(function* (workload: Workload, settings: BenchSettings) {
  const { augment, channels, config, imageSize } = workload
  const { batchSize } = config.training
  const { device, name, nativeOps = null, version } = yield* Backend
  const { numNegatives } = yield* Dictionary
  const before = yield* usageOfPause
  const takeStep = yield* timedStep
  for (let step = 0; step < settings.warmUp; step++) {
    yield* takeStep
    yield* Effect.yieldNow
  }
  const blocks = yield* measureBlocks(takeStep, settings)
  // Before the machine is measured, which takes memory of its own.
  const peakRssMiB = process.resourceUsage().maxRSS / 1024
  const after = yield* usageOfPause
  const machine = yield* measureMachine(threadsOf(config))
  const steps = blocks.flatMap((block) => block.steps)
  const stepMs = steps.map(({ step }) => step).toSorted((a, b) => a - b)
  const stepSeconds = median(stepMs) / 1000
  const report: BenchReport = {
    workload: { encoder: config.encoder, imageSize, channels, batchSize, numNegatives, augment },
    imagesPerSecond: batchSize / stepSeconds,
    stepMs: { median: median(stepMs), min: stepMs[0]!, max: stepMs.at(-1)! },
    stages: stageMedians(steps),
    numSteps: steps.length,
    peakRssMiB,
    gflops: stepFlops(config, workload, numNegatives) / stepSeconds / 1e9,
    machine,
    load: {
      before: othersShare(before),
      during: othersShare(addUsage(blocks.map(({ usage }) => usage))),
      after: othersShare(after)
    },
    spoiled: blocks.some(({ isSpoiled }) => isSpoiled),
    backend: { name, version, device, nativeOps }
  }
  return report
})

const threadsOf = ({ backend }: RunConfig): number => threadsIn(process.env, backend.threads)

/** Takes steps without measuring them, e.g. for a profile. */
export const takeSteps = Effect.fnUntraced(function* (numSteps: number) {
  const takeStep = yield* pretrainStep
  for (let step = 0; step < numSteps; step++) {
    yield* takeStep(step)
    yield* Effect.yieldNow
  }
})

/** An effect that takes the next step, and tells how long it took. */
const timedStep = Effect.map(pretrainStep, (takeStep) => {
  const { observer, steps } = StageTimes.collect()
  return Effect.suspend(() => takeStep(steps.length)).pipe(
    observeSpans(observer),
    Effect.map(() => steps.at(-1)!)
  )
})

/** Who uses the machine while this process does nothing, for half a second. */
const usageOfPause = Effect.gen(function* () {
  const meter = yield* LoadMeter
  const from = yield* meter.read
  if (from !== undefined) yield* Effect.sleep("500 millis")
  return usageBetween(from, yield* meter.read)
})

const stageMedians = (steps: ReadonlyArray<StageTimes.StepTimes>): BenchReport["stages"] => {
  const of = (stage: StageTimes.Stage) => median(steps.map((step) => step.stages[stage]))
  return {
    views: of("views"),
    keys: of("keys"),
    gradient: of("gradient"),
    optimizer: of("optimizer"),
    diagnostics: of("diagnostics"),
    settle: of("settle"),
    check: of("check"),
    rest: median(steps.map(({ rest }) => rest))
  }
}
