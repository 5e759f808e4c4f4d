import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { QueryEncoder } from "@moco/core/Encoder"
import { LinearNetwork } from "@moco/core/testing"
import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import { ViewPairs } from "@moco/data/ViewPairs"
import { load } from "@moco/train/Checkpoint/load"
import { decodeManifest, encodeManifest } from "@moco/train/Checkpoint/manifest"
import { Diagnostics, NonFinite } from "@moco/train/Diagnostics"
import { LearningRate } from "@moco/train/LearningRate"
import * as Run from "@moco/train/Run"
import type { RunConfig } from "@moco/train/RunConfig"
import { type RunEvent, read } from "@moco/train/RunLog"
import { tinyConfig } from "@moco/train/testing/tinyConfig"
import * as tf from "@tensorflow/tfjs-core"
import { Cause, Deferred, Effect, Exit, Fiber, Layer } from "effect"
import { inTemporary } from "./inTemporary.ts"

const images = { numTrain: 64, numTest: 24, height: 8, width: 8, channels: 1, numClasses: 3, seed: 1 }
const dataset = layerSynthetic(images)

const config: RunConfig = {
  ...tinyConfig,
  evaluations: { knn: { everyEpochs: 1, k: [5], temperature: 0.1 } }
}
const stages = { dataset }

/** A test with the path of a run's folder, which is not there yet. */
const inFolder = <E>(test: Parameters<typeof inTemporary<E>>[0]) => inTemporary(test, "run")

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

  it.effect("that is stopped before its first step ends as one that was stopped, and exports nothing", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const isWaiting = yield* Deferred.make<void>()
        const viewPairs = ViewPairs.layer({ seed: 1, batchSize: 16 })
        const stuck = Layer.effect(
          ViewPairs,
          Effect.map(ViewPairs, (pairs) =>
            ViewPairs.of({
              ...pairs,
              batch: () => Effect.andThen(Deferred.succeed(isWaiting, undefined), Effect.never)
            })
          )
        ).pipe(Layer.provide(viewPairs))
        const train = opened({ config, folder }, (run) => run.train(), { ...stages, viewPairs: stuck })
        const fiber = yield* Effect.forkChild(train)
        yield* Deferred.await(isWaiting)
        yield* Fiber.interrupt(fiber)
        const exit = yield* Fiber.await(fiber)
        assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause), String(exit))
        assert.notInclude(readdirSync(folder), "encoder.safetensors")
        // Nothing is lost by it: the run goes on.
        yield* opened({ resume: folder }, (run) => run.train(), { ...stages, viewPairs })
        assert.include(readdirSync(folder), "encoder.safetensors")
      })
    )
  )

  it.effect("that is stopped right after it has gone back exports the encoder that it is back at", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const isBack = yield* Deferred.make<void>()
        const diagnostics = Layer.effect(
          Diagnostics,
          Effect.map(Diagnostics, ({ measure }) =>
            Diagnostics.of({
              measure: (observed) => {
                const { rate: learningRate, step } = observed
                const none = { step, metric: "loss", where: [], value: "NaN", learningRate }
                return step === 3 ? Effect.fail(new NonFinite(none)) : measure(observed)
              }
            })
          )
        ).pipe(Layer.provide(Diagnostics.layer))
        const options: Run.TrainOptions = {
          checkpointEvery: { steps: 2 },
          onNonFinite: "rollback",
          observe: ({ event }) =>
            event === "rolledBack" ? Deferred.succeed(isBack, undefined).pipe(Effect.asVoid) : Effect.void
        }
        const train = opened({ config, folder }, (run) => run.train(options), { ...stages, diagnostics })
        const fiber = yield* Effect.forkChild(train)
        yield* Deferred.await(isBack)
        yield* Fiber.interrupt(fiber)
        const { training } = JSON.parse(readFileSync(join(folder, "encoder.json"), "utf8"))
        assert.strictEqual(training.step, 2)
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
        // What the run ran on is told for the reader; what it is stands in its checkpoints.
        rmSync(join(folder, "environment.json"))
        const refusal = yield* refusalOf(longer, stages)
        assert.include(refusal, "stages given in code was dataset, learningRate and is dataset")
        // No setting mends it, and a program has no flags.
        assert.include(refusal, "open it with the stages that it has begun with")
        assert.notInclude(refusal, "--")
        const { numSteps } = yield* opened(longer, (run) => run.train(), own)
        assert.strictEqual(numSteps, 8)
        const shorter = { resume: folder, mayBeFinished: true, sets: { "training.epochs": "1" } }
        // Of images that a program brings it is known only now how many steps an epoch has.
        assert.include(yield* refusalOf(shorter, own), "training.epochs = 1: is less than the 2 epochs")
      })
    )
  )

  it.effect("has a setting that changes no step in its checkpoint before it takes one under it", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const services = yield* Effect.context<NodeServices.NodeServices>()
        yield* opened({ config, folder }, (run) => run.train())
        const rarely = { resume: folder, mayBeFinished: true, sets: { "evaluations.knn.everyEpochs": "9" } }
        // As a kill at this instant would find it.
        const seen: Array<unknown> = []
        const observe = Effect.fnUntraced(function* ({ event }: RunEvent) {
          const { manifest } = yield* Effect.orDie(load(join(folder, "checkpoints", "000000004")))
          const { evaluations } = JSON.parse(readFileSync(join(folder, "config.json"), "utf8"))
          seen.push([event, manifest.config.evaluations.knn?.everyEpochs, evaluations.knn.everyEpochs])
        }, Effect.provide(services))
        yield* opened(rarely, (run) => run.train({ observe }))
        assert.deepStrictEqual(seen, [
          ["resumed", 9, 9],
          ["finished", 9, 9]
        ])
        // Beside one that is logged: neither file has it before the checkpoint has both.
        const longer = {
          resume: folder,
          sets: { "evaluations.knn.everyEpochs": "7", "training.epochs": "2" }
        }
        yield* opened(longer, (run) => run.train({ observe }))
        assert.deepStrictEqual(seen.slice(2, 4), [
          ["configChanged", 9, 9],
          ["resumed", 7, 7]
        ])
      })
    )
  )

  it.effect("may be evaluated in other ways of a program's own when it goes on", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        yield* opened({ config, folder }, (run) => run.train(), { ...stages, evaluations: [] })
        const longer = { resume: folder, sets: { "training.epochs": "2" } }
        const { numSteps } = yield* opened(longer, (run) => run.train())
        assert.strictEqual(numSteps, 8)
      })
    )
  )

  it.effect("of which no checkpoint tells stages goes on with those that are given, and that is told", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        yield* opened({ config, folder }, (run) => run.train())
        const file = join(folder, "checkpoints", "000000004", "manifest.jsonl")
        const { ownStages, ...older } = yield* decodeManifest(readFileSync(file, "utf8"))
        assert.deepStrictEqual(ownStages, ["dataset"])
        writeFileSync(file, encodeManifest(older))
        const told: Array<string> = []
        yield* opened({ resume: folder, mayBeFinished: true }, () => Effect.void).pipe(
          Effect.provideService(Run.RunMessages, {
            info: () => Effect.void,
            warning: (text) => Effect.sync(() => void told.push(text))
          })
        )
        assert.lengthOf(told, 1)
        assert.include(told[0], "does not tell which stages were given in code; given now: dataset")
      })
    )
  )

  it.effect("goes on with the weights that it has begun with, and never without them", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const [given, seeds] = [`${folder}-given`, `${folder}-seeds`]
        yield* opened({ config, folder: seeds }, (run) => run.train())
        yield* opened({ config, folder, initFrom: seeds }, (run) => run.train())
        yield* opened({ config, folder: given, initFrom: folder }, (run) => run.train())
        const [own, others] = [folder, given].map((run) => readFileSync(join(run, "initial.safetensors")))
        const longer = { resume: folder, sets: { "training.epochs": "2" } }
        const file = join(folder, "initial.safetensors")
        rmSync(file)
        assert.include(yield* refusalOf(longer, stages), `${file} cannot be read: it is gone`)
        writeFileSync(file, others!)
        assert.include(yield* refusalOf(longer, stages), `it holds weights of ${folder}/encoder.safetensors`)
        writeFileSync(join(seeds, "initial.safetensors"), own!)
        const ofSeed = yield* refusalOf({ ...longer, resume: seeds }, stages)
        assert.include(ofSeed, "the run has begun with those of its seed")
        writeFileSync(file, own!)
        const { numSteps } = yield* opened(longer, (run) => run.train())
        assert.strictEqual(numSteps, 8)
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
