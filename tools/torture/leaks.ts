import { pretrainStep } from "@moco/train/PretrainStep"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import type { Effort, Verdict } from "./Section.ts"
import { tinyTrainer } from "./tinyTrainer.ts"

/** Growth that is allowed, in bytes a step over the last half of the steps. */
const allowedSlope = 1024

/** Tensors and memory over many steps: as many tensors at the end as after the first hundredth, and no growth. */
export const leaks = Effect.fn("torture.leaks")(function* ({ report, short }: Effort) {
  const numSteps = short ? 400 : 10_000
  const sampleEvery = numSteps / 100
  const samples: Array<{ readonly step: number; readonly tensors: number; readonly rss: number }> = []
  yield* Effect.gen(function* () {
    const takeStep = yield* pretrainStep
    for (let step = 0; step < numSteps; step++) {
      yield* takeStep(step)
      yield* Effect.yieldNow
      if ((step + 1) % sampleEvery !== 0) continue
      samples.push({ step: step + 1, tensors: tf.memory().numTensors, rss: process.memoryUsage().rss })
      if (samples.length % 20 === 0) yield* report(`leaks: ${step + 1}/${numSteps} steps`)
    }
  }).pipe(Effect.provide(tinyTrainer("queue")))
  const [first, last] = [samples[0]!, samples.at(-1)!]
  const slope = slopeOf(samples.slice(samples.length / 2).map(({ rss, step }) => [step, rss]))
  const verdict: Verdict = {
    // A short run is mostly warming up, so its memory says nothing.
    ok: first.tensors === last.tensors && (short || slope < allowedSlope),
    counts: {
      steps: numSteps,
      tensorsFirst: first.tensors,
      tensorsLast: last.tensors,
      rssBytesPerStep: Math.round(slope),
      rssMiB: Math.round(last.rss / 2 ** 20)
    }
  }
  return verdict
})

/** Slope of the straight line that fits best. */
const slopeOf = (points: ReadonlyArray<readonly [number, number]>): number => {
  const mean = (values: ReadonlyArray<number>) =>
    values.reduce((sum, value) => sum + value, 0) / values.length
  const x = mean(points.map(([step]) => step))
  const y = mean(points.map(([, rss]) => rss))
  const covariance = mean(points.map(([step, rss]) => (step - x) * (rss - y)))
  return covariance / mean(points.map(([step]) => (step - x) ** 2))
}
