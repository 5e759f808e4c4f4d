import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it, layer } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { Augmentation } from "@moco/data/Augmentation"
import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import { augmentationLaws } from "@moco/data/testing"
import { dictionaryOf, type Stages } from "@moco/train/PretrainLayers"
import { read } from "@moco/train/RunLog"
import { Effect, FileSystem, Layer } from "effect"
import { layerCutout } from "../own-augmentation.ts"
import { compare, dataset, ownConfig } from "../own-data.ts"
import { layerCancelNear } from "../own-dictionary.ts"
import { layerPerceptron } from "../own-encoder.ts"
import { layerUniformity } from "../own-evaluation.ts"
import { layerDecoupled } from "../own-loss.ts"
import { config, trainWith } from "../train.ts"
import { wholeRun } from "../whole-run.ts"

const examples = [
  "own-encoder",
  "own-data",
  "own-augmentation",
  "own-evaluation",
  "own-dictionary",
  "own-loss",
  "whole-run"
]

/** The examples on a still smaller encoder, so that their tests take seconds. */
const small = {
  ...config,
  encoder: { ...config.encoder, layers: [1], width: 8, featureSize: 32 },
  dictionary: { kind: "queue", size: 256 },
  training: { epochs: 1, batchSize: 200 },
  optimizer: { ...config.optimizer, schedule: { kind: "constant" } }
} as const

const inFolder = <A, E, R>(use: (folder: string) => Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fileSystem = yield* FileSystem.FileSystem
    return yield* use(join(yield* fileSystem.makeTempDirectoryScoped(), "run"))
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

const images = layerSynthetic({
  ...{ numTrain: 8, numTest: 1, height: 6, width: 5, channels: 3, numClasses: 4, seed: 3 }
})
const cutout = layerCutout(2).pipe(
  Layer.provide(Augmentation.layer(config.augmentation)),
  Layer.provideMerge(Layer.merge(images, Backend.layerCpu))
)
layer(cutout)("The augmentation of the user's own", augmentationLaws)

/** What a run with these stages comes to, and what its log tells. */
const ran = (stages: Stages, shown = small) =>
  inFolder((folder) =>
    Effect.gen(function* () {
      const result = yield* trainWith(stages, shown, folder)
      return { ...result, events: yield* read(join(folder, "metrics.jsonl")) }
    })
  )

const mean = (values: ReadonlyArray<number>) => values.reduce((sum, value) => sum + value, 0) / values.length

describe("examples", () => {
  for (const name of examples) {
    it(`${name} is under 40 lines, comments, imports and blank lines left out`, () => {
      const text = readFileSync(join(import.meta.dirname, `../${name}.ts`), "utf8")
      const code = text.slice(0, text.indexOf("if (import.meta.main)"))
      const lines = code
        .split("\n")
        .filter((line) => line.trim() !== "" && !/^\s*(\/\/|\*|\/\*|import )/.test(line))
      assert.isBelow(lines.length, 40)
      assert.isAbove(lines.length, 5)
      assert.include(text, `npx nx run examples:${name}`)
    })
  }

  it("have a target each", () => {
    const { targets } = JSON.parse(readFileSync(join(import.meta.dirname, "../project.json"), "utf8"))
    for (const name of examples) assert.strictEqual(targets[name].options.command, `node examples/${name}.ts`)
  })

  it.effect("train with a dictionary of the user's own, which counts once negatives come near", () =>
    Effect.gen(function* () {
      const cancelledFrom = (limit: number) =>
        ran({ dictionary: layerCancelNear(limit).pipe(Layer.provide(dictionaryOf(small))) })
      // No cosine is as near as 2.
      const { losses: plain } = yield* cancelledFrom(2)
      const { losses: cancelled } = yield* cancelledFrom(0.8)
      assert.strictEqual(cancelled.length, plain.length)
      // No row of the random initial queue is near a query; keys of other images soon are.
      assert.strictEqual(cancelled[0], plain[0])
      assert.notStrictEqual(cancelled.at(-1), plain.at(-1))
    })
  )

  it.effect("train with a loss of the user's own, which falls", () =>
    Effect.gen(function* () {
      const { losses } = yield* ran({ loss: layerDecoupled(0.1) })
      assert.strictEqual(losses.length, 40)
      assert.isBelow(mean(losses.slice(-5)), mean(losses.slice(4, 9)))
    })
  )

  it.effect("train with an encoder of the user's own, whose card says so", () =>
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      const folder = join(yield* fileSystem.makeTempDirectoryScoped(), "run")
      const { losses, measurements } = yield* trainWith({ encoder: layerPerceptron(32, 1) }, small, folder)
      assert.strictEqual(losses.length, 40)
      assert.isTrue(measurements.every(({ value }) => value > 0.1 && value < 1))
      const card = JSON.parse(yield* fileSystem.readFileString(join(folder, "encoder.json")))
      assert.deepStrictEqual(card.architecture, { family: "own", featureSize: 64 })
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.effect("train with an augmentation of the user's own: other views, other losses", () =>
    Effect.gen(function* () {
      const usual = Augmentation.layer(small.augmentation)
      const { losses: cut } = yield* ran({ augmentation: layerCutout(8).pipe(Layer.provide(usual)) })
      const { losses: plain } = yield* ran({})
      assert.strictEqual(cut.length, plain.length)
      assert.notStrictEqual(cut[0], plain[0])
    })
  )

  it.effect("evaluate by the user's own measure beside the config's, in the result and in the log", () =>
    Effect.gen(function* () {
      const { events, measurements } = yield* ran({ evaluations: [layerUniformity] })
      const own = measurements.filter(({ evaluation }) => evaluation === "uniformity")
      assert.sameMembers(
        own.map(({ subject }) => subject),
        ["trained encoder", "untrained encoder", "raw pixels"]
      )
      // ln exp(-2 d^2) lies between -8, where all are opposite, and 0, where all are one.
      assert.isTrue(own.every(({ value }) => value > -8 && value < 0))
      const logged = events.flatMap((event) => (event.event === "evaluation" ? event.measurements : []))
      assert.deepStrictEqual(logged.filter(({ evaluation }) => evaluation === "uniformity").length, 3)
      assert.isTrue(measurements.some(({ evaluation }) => evaluation === "knn"))
    })
  )

  it.effect("train on the user's own images in a run folder, and compare in a study that goes on", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const own = { ...ownConfig, ...small, data: ownConfig.data, evaluations: ownConfig.evaluations }
        const { measurements } = yield* trainWith({ dataset }, own, folder)
        const accuracy = measurements.find(({ subject }) => subject === "trained encoder")!.value
        assert.isTrue(accuracy > 0.5 && accuracy <= 1)
        const { cells, numCompleted } = yield* compare(`${folder}-study`, own)
        assert.strictEqual(numCompleted, 2)
        assert.deepStrictEqual(
          cells.map(({ settings }) => settings),
          [{ K: 128 }, { K: 256 }]
        )
        // All runs are there: nothing is trained again.
        const again = yield* compare(`${folder}-study`, own)
        assert.deepStrictEqual(again.cells, cells)
      })
    )
  )

  it.effect("run the whole of it in code: opened, trained, measured, trained longer", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const { first, measurements, numSteps } = yield* wholeRun(folder, small)
        assert.strictEqual(numSteps, 80)
        const now = measurements.filter(({ subject }) => subject === "trained encoder")
        assert.deepStrictEqual(
          first.map(({ metric }) => metric),
          now.map(({ metric }) => metric)
        )
        const events = yield* read(join(folder, "metrics.jsonl"))
        const logged = events.flatMap((event) =>
          event.event === "evaluation" && event.step === 40 ? event.measurements : []
        )
        // Measured where it is, it comes to what the run itself has logged.
        assert.deepStrictEqual(first, logged)
      })
    )
  )
})
