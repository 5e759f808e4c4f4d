import { existsSync, mkdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { BenchReport } from "@moco/train/Bench/report"
import { TraceFile } from "@moco/train/Profile/traceFile"
import { Effect, Option, Schema } from "effect"
import { renderReport, renderWorkload } from "../src/commands/bench/render.ts"
import { type BenchFlags, workloadOf } from "../src/commands/bench/workload.ts"
import { profileFileOf, withProfile } from "../src/profile.ts"
import { assertPlainError, fresh, lastLine, run, tinyRun } from "./program.ts"

const valid: BenchFlags = {
  encoder: "resnet20",
  stem: Option.none(),
  imageSize: 28,
  channels: 1,
  batchSize: 256,
  queueSize: 4096,
  bnGroups: 1,
  augment: "on",
  steps: 20,
  warmUp: 3,
  tries: 3,
  threads: 2,
  backend: "tensorflow"
}

const report: BenchReport = {
  workload: {
    encoder: {
      kind: "resnet",
      block: "basic",
      layers: [3, 3, 3],
      width: 16,
      stem: "cifar",
      head: "linear",
      featureSize: 128,
      batchNormGroups: 1
    },
    imageSize: 28,
    channels: 1,
    batchSize: 256,
    numNegatives: 4096,
    augment: true
  },
  imagesPerSecond: 512,
  stepMs: { median: 500, min: 490, max: 520 },
  stages: {
    views: 50,
    keys: 100,
    gradient: 300,
    optimizer: 10,
    diagnostics: 5,
    settle: 5,
    check: 1,
    rest: 30
  },
  numSteps: 20,
  peakRssMiB: 1410.4,
  gflops: 130,
  machine: { cpu: "a processor", cores: 2, threads: 2, matmulGflops: 325, memoryGBs: 21.5 },
  load: { before: 0, during: 0.02, after: null },
  spoiled: false,
  backend: { name: "tensorflow", version: "2.21.0", device: "cpu", nativeOps: null }
}

describe("bench", () => {
  it("prints a table, writes a profile, and ends with one JSON object", async () => {
    const file = join(fresh(), "profiles", "mine.json")
    const size = ["--encoder=resnet20", "--image-size=8", "--channels=3", "--batch-size=8", "--queue-size=16"]
    const length = ["--steps=2", "--warm-up=1", "--bn-groups=2", "--augment=off", "--threads=1"]
    const { code, stderr, stdout } = await run("bench", ...size, ...length, `--profile=${file}`)
    assert.strictEqual(code, 0, stderr)
    for (const words of [
      "resnet20 with a CIFAR stem",
      "x 8 x 3, batch 8, K 16, 2 batch-norm groups, augmentation off",
      "of a matrix product",
      "used by others"
    ]) {
      assert.include(stdout, words)
    }
    const found = Schema.decodeUnknownSync(BenchReport)(JSON.parse(lastLine(stdout)))
    assert.deepStrictEqual(found.workload, {
      encoder: { ...report.workload.encoder, batchNormGroups: 2 },
      imageSize: 8,
      channels: 3,
      batchSize: 8,
      numNegatives: 16,
      augment: false
    })
    assert.strictEqual(found.numSteps, 2)
    assert.strictEqual(found.machine.threads, 1)
    // On Linux it is known what others do.
    assert.strictEqual(found.load.during === null, process.platform !== "linux")
    const { traceEvents } = Schema.decodeUnknownSync(TraceFile)(JSON.parse(readFileSync(file, "utf8")))
    const named = (name: string) => traceEvents.filter((event) => event.name === name).length
    assert.strictEqual(named("PretrainStep"), 2)
    assert.include(stdout, `profile of 2 steps: ${file}`)
    assert.include(stdout, "all operations")
  })

  it.effect("names the networks as they are known, with a CIFAR stem, a linear head and 128 features", () =>
    Effect.gen(function* () {
      const encoderOf = (encoder: string) =>
        Effect.map(workloadOf({ ...valid, encoder }), ({ config }) => config.encoder)
      const known = { kind: "resnet", stem: "cifar", head: "linear", featureSize: 128, batchNormGroups: 1 }
      const basic = { ...known, block: "basic" }
      assert.deepStrictEqual<unknown>(yield* encoderOf("resnet18"), {
        ...basic,
        layers: [2, 2, 2, 2],
        width: 64
      })
      assert.deepStrictEqual<unknown>(yield* encoderOf("resnet20"), {
        ...basic,
        layers: [3, 3, 3],
        width: 16
      })
      assert.deepStrictEqual<unknown>(yield* encoderOf("resnet34"), {
        ...basic,
        layers: [3, 4, 6, 3],
        width: 64
      })
      const bottleneck = { ...known, block: "bottleneck", layers: [3, 4, 6, 3], width: 64 }
      assert.deepStrictEqual<unknown>(yield* encoderOf("resnet50"), bottleneck)
    })
  )

  it.effect(
    "takes the stem that is usual for the image size, unless another is asked for, and says which",
    () =>
      Effect.gen(function* () {
        const stemOf = Effect.fnUntraced(function* (imageSize: number, stem: BenchFlags["stem"]) {
          const flags = { ...valid, encoder: "resnet50", imageSize, batchSize: 2, stem }
          const workload = yield* workloadOf(flags)
          return { stem: workload.config.encoder.stem, words: renderWorkload(flags, workload) }
        })
        const usual: ReadonlyArray<readonly [number, string]> = [
          [32, "cifar"],
          [63, "cifar"],
          [64, "imagenet"],
          [224, "imagenet"]
        ]
        for (const [imageSize, stem] of usual) {
          const found = yield* stemOf(imageSize, Option.none())
          assert.strictEqual(found.stem, stem)
          assert.include(found.words, "--stem chooses")
          assert.match(found.words, stem === "cifar" ? /resnet50 with a CIFAR stem/ : /with an ImageNet stem/)
        }
        const asked = yield* stemOf(224, Option.some("cifar"))
        assert.strictEqual(asked.stem, "cifar")
        assert.match(asked.words, /resnet50 with a CIFAR stem, /)
      })
  )

  it.effect("shuffles keys only where batch norm has groups", () =>
    Effect.gen(function* () {
      const shuffleOf = (bnGroups: number) =>
        Effect.map(workloadOf({ ...valid, bnGroups }), ({ config }) => config.keyShuffle.kind)
      assert.strictEqual(yield* shuffleOf(1), "plain")
      assert.strictEqual(yield* shuffleOf(8), "shuffle")
    })
  )

  it.effect("passes every flag on", () =>
    Effect.gen(function* () {
      const flags = { ...valid, imageSize: 9, channels: 2, batchSize: 12, queueSize: 34, threads: 5 } as const
      const workload = yield* workloadOf({ ...flags, augment: "off", backend: "cpu" })
      assert.deepInclude(workload, { imageSize: 9, channels: 2, augment: false })
      assert.deepInclude(workload.config, {
        training: { ...workload.config.training, batchSize: 12 },
        dictionary: { kind: "queue", size: 34 },
        backend: { name: "cpu", threads: 5 }
      })
    })
  )

  const refused: ReadonlyArray<readonly [Partial<BenchFlags>, ReadonlyArray<string>]> = [
    [{ encoder: "resnet19" }, ['--encoder = "resnet19": must be one of "resnet18"', "did you mean resnet"]],
    [{ imageSize: 0 }, ["--image-size = 0: must be between 1 and 1024", "pixels"]],
    [{ channels: 0 }, ["--channels = 0: must be between 1"]],
    [{ batchSize: 0 }, ["--batch-size = 0: must be between 1 and", "images in a step"]],
    [{ batchSize: 100_000 }, ["--batch-size = 100000: must be at most 60000"]],
    [{ queueSize: 0 }, ["--queue-size = 0: must be between 1 and", "keys in the queue"]],
    [{ bnGroups: 3 }, ["--bn-groups = 3: must divide --batch-size (256)", "near it: 2 or 4"]],
    [{ bnGroups: 256 }, ["--bn-groups = 256: leaves 1 image to a group of --batch-size (256)"]],
    [{ steps: 0 }, ["--steps = 0: must be between 1"]],
    [{ warmUp: -1 }, ["--warm-up = -1: must be between 0"]],
    [{ tries: 0 }, ["--tries = 0: must be between 1"]],
    [{ threads: 0 }, ["--threads = 0: must be between 1 and 1024"]],
    [
      { imageSize: 1024, channels: 3, batchSize: 1000 },
      [
        "--batch-size = 1000",
        "2000 images of 1024 x 1024 x 3",
        "6.3 GB",
        "2.1 GB is the most",
        "smaller images"
      ]
    ],
    [
      { encoder: "vgg", imageSize: 0, steps: 0, queueSize: 0 },
      ["the config has 4 problems", "--encoder", "--image-size", "--steps", "--queue-size"]
    ]
  ]
  for (const [flags, words] of refused) {
    it.effect(`refuses ${JSON.stringify(flags)} in words`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(workloadOf({ ...valid, ...flags }))
        assert.strictEqual(error._tag, "ConfigInvalid")
        for (const word of words) assert.include(error.message, word)
        assert.notInclude(error.message, "training.batchSize")
      })
    )
  }

  it("refuses with 2 before anything starts what is wrong or too large, and with 6 a profile without a place", async () => {
    const { code, stderr } = await run("bench", "--batch-size=10", "--bn-groups=3")
    assert.strictEqual(code, 2)
    assertPlainError(stderr, "--bn-groups = 3: must divide --batch-size (10)")
    const folder = fresh()
    mkdirSync(folder)
    const unwritable = await run("bench", `--profile=${folder}`)
    assert.strictEqual(unwritable.code, 6)
    assertPlainError(unwritable.stderr, `${folder} cannot be written`, "it is a folder")
    const huge = await run("bench", "--queue-size=1000000000000")
    assert.strictEqual(huge.code, 2)
    assertPlainError(huge.stderr, "--queue-size = 1000000000000: must be between 1 and 100000000")
    const views = await run("bench", "--image-size=1024", "--batch-size=1024", "--encoder=resnet34")
    assert.strictEqual(views.code, 2)
    assertPlainError(views.stderr, "--batch-size = 1024: needs 72 GiB", "1,024 images", "of memory")
  })
})

describe("renderReport", () => {
  it("says where the time goes, and what part of the machine's best is reached", () => {
    const text = renderReport(report)
    for (const line of [
      "gradient          300.00   60.0 %",
      "step              500.00  100.0 %   490.00 to 520.00 in 20 steps",
      "GFLOP/s               130.0, 40 % of the 325.0 of a matrix product",
      "peak memory           1410 MiB",
      "used by others        2 % of the machine (before: 0 %, after: not known)"
    ]) {
      assert.include(text, line)
    }
    assert.notInclude(text, "SPOILED")
    assert.notInclude(text, "direct form")
    const own = renderReport({ ...report, backend: { ...report.backend, nativeOps: "a build" } })
    assert.include(own, "as if by the direct form")
    assert.include(renderReport({ ...report, spoiled: true }), "SPOILED")
  })
})

describe("train --profile", () => {
  it("writes a profile into the run folder and tells what took longest, before the result", async () => {
    const out = fresh()
    const { code, stderr, stdout } = await run(
      "train",
      ...tinyRun({ epochs: 1 }),
      "--profile",
      `--out=${out}`
    )
    assert.strictEqual(code, 0, stderr)
    const file = join(out, "profile.json")
    const { traceEvents } = Schema.decodeUnknownSync(TraceFile)(JSON.parse(readFileSync(file, "utf8")))
    const steps = traceEvents.flatMap((event) => ("step" in event.args ? [event.args.step] : []))
    // Twenty, after a warm-up of three.
    assert.deepStrictEqual(
      steps,
      Array.from({ length: 20 }, (_, i) => i + 3)
    )
    assert.include(stdout, `profile of 20 steps: ${file}`)
    assert.isAbove(stdout.indexOf("trained encoder  "), stdout.indexOf("profile of"))
  })
})

describe("profileFileOf", () => {
  it.effect("is the default file for the flag alone, and no file, nor a profile, without the flag", () =>
    Effect.gen(function* () {
      const file = join(fresh(), "profile.json")
      assert.isUndefined(yield* profileFileOf(Option.none(), file))
      assert.isFalse(existsSync(file))
      assert.strictEqual(yield* withProfile(undefined)(Effect.succeed(5)), 5)
      assert.strictEqual(yield* profileFileOf(Option.some(""), file), file)
      assert.isTrue(existsSync(file))
      const other = `${file}.other`
      assert.strictEqual(yield* profileFileOf(Option.some(other), file), other)
    }).pipe(Effect.provide([NodeServices.layer, Backend.layerCpu]))
  )
})
