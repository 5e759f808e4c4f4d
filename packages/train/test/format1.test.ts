import { readFileSync } from "node:fs"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { decode } from "@moco/core/Safetensors"
import { knnAccuracy } from "@moco/evaluation/Evaluation/Knn"
import { find, measured } from "@moco/evaluation/Measurement"
import { load } from "@moco/train/Checkpoint/load"
import { decodeManifest, formatOf, sign } from "@moco/train/Checkpoint/manifest"
import { withOldNames } from "@moco/train/RunConfig/renamed"
import { read } from "@moco/train/RunLog"
import { sampleManifest } from "@moco/train/testing"
import { validConfig } from "@moco/train/testing/validConfig"
import { Effect, FileSystem } from "effect"
import { inTemporary } from "./inTemporary.ts"

// Of a real run of commit f7e23e3: two steps, its evaluations and its end.
const golden = `${import.meta.dirname}/golden/format1`

describe("A run log of format 1", () => {
  it.effect("is read as it would be written today, with every number", () =>
    Effect.gen(function* () {
      const [first, second, pixels, untrained, trained, finished] = yield* read(`${golden}/metrics.jsonl`)
      assert.deepStrictEqual(first, {
        ...{ format: 2, time: "2026-11-28T23:22:06.192Z", event: "step" },
        ...{ step: 0, epoch: 0, numSteps: 64, numEpochs: 2, stepMs: 439.05992600048194 },
        metrics: {
          loss: 1.1023938655853271,
          chanceLoss: 6.932447891572509,
          pretextAccuracy: 0.9440000057220459,
          learningRate: 0.12,
          encoderDistance: 0,
          featureStd: 0.08540501445531845,
          gradientNorm: 1.2466201782226562,
          imagesPerSecond: 569.3983558857649,
          numTensors: 46,
          dictionaryFill: 0
        }
      })
      assert.deepInclude(second, { step: 1 })
      assert.deepInclude(pixels, {
        event: "evaluation",
        measurements: [
          measured(knnAccuracy(200), "raw pixels", 0.7715),
          measured(knnAccuracy(20), "raw pixels", 0.817)
        ]
      })
      assert.deepInclude(untrained, {
        measurements: [
          measured(knnAccuracy(200), "untrained encoder", 0.4125),
          measured(knnAccuracy(20), "untrained encoder", 0.4255)
        ]
      })
      assert.deepInclude(trained, {
        step: 64,
        measurements: [
          measured(knnAccuracy(200), "trained encoder", 0.551),
          measured(knnAccuracy(20), "trained encoder", 0.5605)
        ]
      })
      assert.deepInclude(finished, { event: "finished", outcome: "completed", step: 64 })
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("keeps a loss that is no number, and the state of a loss", () =>
    inTemporary((folder) =>
      Effect.gen(function* () {
        const fileSystem = yield* FileSystem.FileSystem
        const [line] = readFileSync(`${golden}/metrics.jsonl`, "utf8").split("\n")
        const strange = { ...JSON.parse(line!), loss: "NaN", lossState: { logNormalizer: 3 } }
        yield* fileSystem.writeFileString(`${folder}/metrics.jsonl`, `${JSON.stringify(strange)}\n`)
        const [event] = yield* read(`${folder}/metrics.jsonl`)
        assert.isTrue(event?.event === "step" && Number.isNaN(event.metrics["loss"]))
        assert.deepInclude(event, { lossState: { logNormalizer: 3 } })
      })
    )
  )

  it.effect("is told from one of a newer program, which is refused by its number", () =>
    inTemporary((folder) =>
      Effect.gen(function* () {
        const fileSystem = yield* FileSystem.FileSystem
        yield* fileSystem.writeFileString(`${folder}/metrics.jsonl`, '{"format":3,"event":"resumed"}\n')
        const error = yield* Effect.flip(read(`${folder}/metrics.jsonl`))
        assert.strictEqual(error._tag, "RunLogError")
        assert.include(error.message, "line 1: it has format 3, and this program reads up to 2")
        // Nothing is wrong with the line, so nobody is told to remove it.
        assert.include(error.message, "go on with the program that has written it, or a newer one")
      })
    )
  )
})

const manifestText = readFileSync(`${golden}/manifest.jsonl`, "utf8")

/** The manifest with another progress. */
const withProgress = (change: object) => {
  const { progress, ...rest } = JSON.parse(manifestText.split("\n")[0]!)
  return sign(JSON.stringify({ ...rest, progress: { ...progress, ...change } }))
}

describe("A checkpoint of format 1", () => {
  it.effect("has its config, its measurements and its best state under today's names", () =>
    Effect.gen(function* () {
      assert.strictEqual(formatOf(manifestText), 1)
      const { config, progress } = yield* decodeManifest(manifestText)
      assert.deepStrictEqual(config.evaluations, { knn: { everyEpochs: 1, k: [200, 20], temperature: 0.1 } })
      assert.deepInclude(progress, {
        step: 64,
        logPosition: 29144,
        evaluatedAt: { knn: 64 },
        best: { step: 64, evaluation: "knn", metric: "kNN accuracy (k = 200)", value: 0.551 }
      })
      assert.lengthOf(progress.measurements, 6)
      // With the temperature that the config tells, as the run's next evaluation will have it.
      assert.deepStrictEqual(
        find(progress.measurements, { subject: "raw pixels", metric: "kNN accuracy (k = 20)" }),
        measured(knnAccuracy(20, 0.1), "raw pixels", 0.817)
      )
    })
  )

  it.effect("keeps what its log could not take, and knows when nothing was evaluated", () =>
    Effect.gen(function* () {
      const { time: _, ...unlogged } = JSON.parse(
        readFileSync(`${golden}/metrics.jsonl`, "utf8").split("\n")[1]!
      )
      const early = { evaluations: {}, evaluatedAt: 0, best: undefined, unlogged }
      const { progress } = yield* decodeManifest(withProgress(early))
      assert.deepInclude(progress, { measurements: [], evaluatedAt: {} })
      assert.notProperty(progress, "best")
      assert.isTrue(progress.unlogged?.event === "step")
      assert.deepInclude(progress.unlogged, { step: 1, numSteps: 64 })
    })
  )

  it.effect("is refused where an accuracy is none, as one of today is", () =>
    Effect.gen(function* () {
      for (const accuracy of ["high", 1.5, -0.1]) {
        const evaluations = { encoder: [{ k: 20, accuracy }] }
        const problem = yield* Effect.flip(decodeManifest(withProgress({ evaluations })))
        assert.include(problem, "measurements")
      }
    })
  )
})

describe("A checkpoint of format 1 on disk", () => {
  it.effect("can be read for as long as there is this program", () =>
    Effect.gen(function* () {
      const { manifest, parts } = yield* load(`${golden}/checkpoints/000000003`)
      assert.deepInclude(manifest, { config: validConfig, counters: { pointer: 3, filled: 20 } })
      assert.deepStrictEqual(manifest.progress, sampleManifest(validConfig, 3).progress)
      const { tensors } = yield* decode(parts["query.safetensors"]!)
      // A negative zero and a number below the smallest normal one keep their bits.
      assert.deepStrictEqual(tensors["a"]!.data, Float32Array.of(2, -0, 1e-40, 3.4e38))
      assert.deepStrictEqual(tensors["b"]!.data, Int32Array.of(-2))
    }).pipe(Effect.provide(NodeServices.layer))
  )
})

describe("A checkpoint of today's format", () => {
  it.effect("of a config with names from before has it under today's names", () =>
    Effect.gen(function* () {
      const manifest = { ...sampleManifest(validConfig, 3), config: withOldNames(validConfig), parts: [] }
      assert.notDeepEqual(manifest.config, validConfig)
      const { config } = yield* decodeManifest(sign(JSON.stringify(manifest)))
      assert.deepStrictEqual(config, validConfig)
    })
  )
})
