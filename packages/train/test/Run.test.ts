import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { QueryEncoder } from "@moco/core/Encoder"
import { LinearNetwork } from "@moco/core/testing"
import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import { LearningRate } from "@moco/train/LearningRate"
import * as Run from "@moco/train/Run"
import type { RunConfig } from "@moco/train/RunConfig"
import { read } from "@moco/train/RunLog"
import { validConfig } from "@moco/train/testing/validConfig"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, FileSystem } from "effect"

const images = { numTrain: 64, numTest: 24, height: 8, width: 8, channels: 1, numClasses: 3, seed: 1 }
const dataset = layerSynthetic(images)

const config: RunConfig = {
  ...validConfig,
  data: { name: "own", evaluationSplit: "test", imageSize: 8 },
  encoder: { ...validConfig.encoder, layers: [1], width: 4, featureSize: 8, batchNormGroups: 2 },
  dictionary: { kind: "queue", size: 32 },
  training: { epochs: 1, batchSize: 16 },
  evaluations: { knn: { everyEpochs: 1, k: [5], temperature: 0.1 } }
}
const stages = { dataset }

const inFolder = <A, E>(use: (folder: string) => Effect.Effect<A, E, NodeServices.NodeServices>) =>
  Effect.gen(function* () {
    const fileSystem = yield* FileSystem.FileSystem
    return yield* use(join(yield* fileSystem.makeTempDirectoryScoped(), "run"))
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

/** Opens a run, uses it, and closes it again. */
const opened = <A, E, R>(
  source: Run.RunSource,
  use: (run: Run.Run) => Effect.Effect<A, E, R>,
  own: Run.OpenOptions["stages"] = stages
) => Effect.scoped(Effect.flatMap(Run.open(source, { stages: own! }), use))

const refusalOf = (source: Run.RunSource, own: Run.OpenOptions["stages"]) =>
  Effect.map(Effect.flip(opened(source, () => Effect.void, own)), ({ message }) => message)

describe("a run as a library", () => {
  it.effect("is trained, and measured as it was measured in training; all tensors go with it", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        // Made by the backend itself when it is first used.
        yield* opened({ config, folder: `${folder}-first` }, () => Effect.void)
        const { numTensors } = tf.memory()
        const now = yield* opened({ config, folder }, (run) => Effect.andThen(run.train(), run.evaluate))
        assert.strictEqual(tf.memory().numTensors, numTensors)
        const logged = (yield* read(join(folder, "metrics.jsonl"))).flatMap((event) =>
          event.event === "evaluation" && event.step === 4 ? event.measurements : []
        )
        assert.isNotEmpty(now)
        assert.deepStrictEqual(now, logged)
      })
    )
  )

  it.effect("that is only opened changes nothing in its folder, and exports nothing before a step", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(opened({ config, folder }, (run) => run.export))
        assert.include(error.message, "no step was taken yet")
        assert.deepStrictEqual(readdirSync(folder), [])
      })
    )
  )

  it.effect(
    "that has reached its end is opened to be measured and exported, and its log stays as it is",
    () =>
      inFolder((folder) =>
        Effect.gen(function* () {
          yield* opened({ config, folder }, (run) => run.train())
          const files = ["metrics.jsonl", "environment.json", "encoder.safetensors", "encoder.json"]
          const before = files.map((file) => readFileSync(join(folder, file)))
          const error = yield* Effect.flip(opened({ resume: folder }, () => Effect.void))
          assert.strictEqual(error._tag, "RunFolderOccupied")
          const measured = yield* opened({ resume: folder, mayBeFinished: true }, (run) =>
            Effect.andThen(run.export, run.evaluate)
          )
          assert.isNotEmpty(measured)
          assert.deepStrictEqual(
            files.map((file) => readFileSync(join(folder, file))),
            before
          )
        })
      )
  )

  it.effect("goes on with the stages of a program's own that it has begun with, and with no others", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const own = { ...stages, learningRate: LearningRate.layerConstant(0.01) }
        yield* opened({ config, folder }, (run) => run.train(), own)
        const longer = { resume: folder, sets: { "training.epochs": "2" } }
        assert.include(
          yield* refusalOf(longer, stages),
          "stages given in code was dataset, learningRate and is dataset"
        )
        const { numSteps } = yield* opened(longer, (run) => run.train(), own)
        assert.strictEqual(numSteps, 8)
        const shorter = { resume: folder, mayBeFinished: true, sets: { "training.epochs": "1" } }
        // Of images that a program brings it is known only now how many steps an epoch has.
        assert.include(yield* refusalOf(shorter, own), "training.epochs = 1: is less than the 2 epochs")
      })
    )
  )

  it.effect(
    "takes a data set in code for `own` alone, and given weights for the config's encoder alone",
    () =>
      inFolder((folder) =>
        Effect.gen(function* () {
          const named = { ...config, data: { ...config.data, name: "fashion-mnist-10k" as const } }
          assert.include(yield* refusalOf({ config: named, folder }, stages), "set data.name to own")
          assert.include(yield* refusalOf({ config, folder }, {}), "means a data set that is given in code")
          yield* opened({ config, folder }, (run) => run.train())
          const encoder = QueryEncoder.layer(LinearNetwork.linear(64, 8), 1)
          const given = { config, folder: `${folder}-second`, initFrom: folder }
          assert.include(yield* refusalOf(given, { ...stages, encoder }), "initFrom = ")
        })
      )
  )
})
