import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Dictionary } from "@moco/core/Dictionary"
import { ViewPairs } from "@moco/data/ViewPairs"
import { bench, layersOfWorkload, takeSteps, type Workload } from "@moco/train/Bench"
import { stepFlops } from "@moco/train/Bench/flops"
import { LoadMeter, type LoadReading } from "@moco/train/Bench/LoadMeter"
import { cacheBytes } from "@moco/train/Bench/machine"
import { BenchReport, median, reportText } from "@moco/train/Bench/report"
import { stages } from "@moco/train/StageTimes"
import { validConfig } from "@moco/train/testing/validConfig"
import { Effect, Layer, Schema } from "effect"

const workload: Workload = {
  config: {
    ...validConfig,
    encoder: { ...validConfig.encoder, layers: [1, 1], width: 4, featureSize: 8, batchNormGroups: 1 },
    keyShuffle: { kind: "plain" },
    dictionary: { kind: "queue", size: 32 },
    training: { epochs: 1, batchSize: 8 },
    backend: { name: "tensorflow", threads: 1 }
  },
  imageSize: 7,
  channels: 1,
  augment: true
}

/** A machine of which others use `share` whenever one looks. */
const busy = (share: number) =>
  Layer.sync(LoadMeter, () => {
    let reading: LoadReading = { total: 0, busy: 0, own: 0 }
    return LoadMeter.of({
      read: Effect.sync(() => {
        const { busy, own, total } = reading
        reading = { total: total + 1000, busy: busy + 1000 * share + 100, own: own + 100 }
        return reading
      })
    })
  })

const measured = (settings: { readonly share?: number; readonly backend?: "tensorflow" | "cpu" } = {}) => {
  const { backend = "tensorflow", share = 0.05 } = settings
  const config = { ...workload.config, backend: { ...workload.config.backend, name: backend } }
  const layers = Layer.merge(layersOfWorkload({ ...workload, config }), busy(share))
  const blocks = { blockSeconds: 60, threshold: 0.1, maxTries: 2 }
  return bench({ ...workload, config }, { ...blocks, numSteps: 5, warmUp: 1 }).pipe(
    Effect.provide(Layer.provideMerge(layers, NodeServices.layer))
  )
}

describe("bench", () => {
  for (const backend of ["tensorflow", "cpu"] as const) {
    it.live(`measures a real step on ${backend}, and its figures agree with one another`, () =>
      Effect.gen(function* () {
        const report = yield* measured({ backend })
        const text = reportText(report)
        assert.notInclude(text, "\n")
        const read = yield* Schema.decodeUnknownEffect(BenchReport)(JSON.parse(text))
        assert.deepStrictEqual(read.workload, report.workload)
        assert.closeTo(read.stepMs.median, report.stepMs.median, 1e-5 * report.stepMs.median)

        const { stepMs } = report
        assert.isAtLeast(stepMs.median, stepMs.min)
        assert.isAtLeast(stepMs.max, stepMs.median)
        assert.strictEqual(report.numSteps, 5)
        const seconds = stepMs.median / 1000
        assert.closeTo(report.imagesPerSecond * seconds, 8, 1e-9)
        const flops = stepFlops(workload.config, workload, 32)
        assert.closeTo(report.gflops * seconds * 1e9, flops, 1e-6 * flops)
        for (const stage of stages) assert.isAbove(report.stages[stage], 0, stage)
        const inStages = Object.values(report.stages).reduce((sum, value) => sum + value, 0)
        assert.isAtMost(report.stages.gradient, stepMs.max)
        assert.isAtMost(inStages, 7 * stepMs.max)
        // The process holds the program, the library and this test.
        assert.isAbove(report.peakRssMiB, 50)
        assert.isAtLeast(process.resourceUsage().maxRSS / 1024, report.peakRssMiB)
        assert.isAbove(report.machine.matmulGflops, 0)
        assert.isAbove(report.machine.memoryGBs, 0)
        assert.strictEqual(report.machine.threads, 1)
        assert.strictEqual(report.backend.name, backend)
        assert.deepInclude(report, { load: { before: 0.05, during: 0.05, after: 0.05 }, spoiled: false })
      })
    )
  }

  it.live("says that its figures are spoiled where others use too much of the machine", () =>
    Effect.gen(function* () {
      const { load, spoiled } = yield* measured({ share: 0.4 })
      assert.isTrue(spoiled)
      assert.closeTo(load.during!, 0.4, 1e-9)
    })
  )

  it.effect("draws two views of an image with augmentation, and the image twice without", () =>
    Effect.gen(function* () {
      const viewsOf = (augment: boolean) =>
        Effect.gen(function* () {
          const { batch } = yield* ViewPairs
          const { viewK_NHWC, viewQ_NHWC } = (yield* batch(0)).views()
          assert.deepStrictEqual(viewQ_NHWC.shape, [8, 7, 7, 1])
          return [viewQ_NHWC.dataSync(), viewK_NHWC.dataSync()] as const
        }).pipe(Effect.provide(layersOfWorkload({ ...workload, augment })))
      const [plainQ, plainK] = yield* viewsOf(false)
      assert.deepStrictEqual(plainQ, plainK)
      const [q, k] = yield* viewsOf(true)
      assert.notDeepEqual(q, k)
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("takes steps over more epochs than one", () =>
    Effect.gen(function* () {
      assert.isBelow((yield* ViewPairs).stepsPerEpoch, 5)
      yield* takeSteps(5)
      assert.isAbove((yield* Dictionary).fill(), 0)
    }).pipe(Effect.provide(Layer.provideMerge(layersOfWorkload(workload), NodeServices.layer)))
  )
})

describe("median", () => {
  it("is the middle, or the mean of the two in the middle, whatever the order", () => {
    assert.strictEqual(median([5]), 5)
    assert.strictEqual(median([10, 9, 1]), 9)
    assert.strictEqual(median([4, 100, 2, 1]), 3)
  })
})

describe("cacheBytes", () => {
  it("adds up the caches of all cores, from the system's words", () => {
    assert.strictEqual(cacheBytes("32768K\n", "0-1\n", 2), 2 ** 25)
    assert.strictEqual(cacheBytes("32M", "0-3,8-11", 16), 2 ** 26)
    assert.strictEqual(cacheBytes("512", "0", 3), 1536)
    assert.strictEqual(cacheBytes("", "", 4), 0)
  })
})
