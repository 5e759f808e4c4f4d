import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import { trainedEncoder } from "@moco/evaluation/subjects"
import { evaluateStored } from "@moco/train/evaluateStored"
import * as FolderLock from "@moco/train/FolderLock"
import { inspectStored } from "@moco/train/inspectStored"
import * as Run from "@moco/train/Run"
import type { RunConfig } from "@moco/train/RunConfig"
import * as StoredEncoder from "@moco/train/StoredEncoder"
import { validConfig } from "@moco/train/testing/validConfig"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, FileSystem, Layer } from "effect"
import { inTemporary } from "./inTemporary.ts"

const images = { numTrain: 64, numTest: 24, height: 8, width: 8, channels: 1, numClasses: 3, seed: 1 }
const stages = { dataset: layerSynthetic(images) }

const config: RunConfig = {
  ...validConfig,
  data: { name: "own", evaluationSplit: "test", imageSize: 8 },
  encoder: { ...validConfig.encoder, layers: [1], width: 4, featureSize: 8, batchNormGroups: 2 },
  dictionary: { kind: "queue", size: 32 },
  training: { epochs: 2, batchSize: 16 },
  evaluations: {
    knn: { everyEpochs: 1, k: [5], temperature: 0.1 },
    pretext: { everyEpochs: 1, numImages: 24 },
    spectrum: { everyEpochs: 1, numImages: 24 }
  }
}

/** Trains in a folder, and gives what its end was measured as. */
const trained = (folder: string) =>
  Run.open({ config, folder }, { stages }).pipe(
    Effect.flatMap((run) => Effect.andThen(run.train(), run.evaluate)),
    Effect.scoped
  )

const measuredOf = (stored: StoredEncoder.StoredEncoder) =>
  Effect.map(evaluateStored(stored.config, stored.weights, { stages }), ({ measurements }) => measurements)

describe("an encoder that lies in files", () => {
  it.effect("is measured as it was in its run, to the bit, from each of its files; baselines beside it", () =>
    inTemporary(
      (folder) =>
        Effect.gen(function* () {
          const inRun = yield* trained(folder)
          const { numTensors } = tf.memory()
          for (const stored of [
            yield* StoredEncoder.ofRun(folder, "last"),
            yield* StoredEncoder.ofFile(join(folder, "checkpoints", "000000008")),
            yield* StoredEncoder.ofFile(join(folder, "checkpoints", "000000008", "query.safetensors")),
            yield* StoredEncoder.ofFile(join(folder, "encoder.safetensors"))
          ]) {
            const all = yield* measuredOf(stored)
            assert.deepStrictEqual(
              all.filter(({ subject }) => subject === trainedEncoder),
              inRun
            )
            assert.includeMembers(
              all.map(({ subject }) => subject),
              ["raw pixels", "untrained encoder"]
            )
          }
          assert.strictEqual(tf.memory().numTensors, numTensors)
        }),
      "run"
    )
  )

  it.effect("is the best state of its run where that is asked for, and says after how many steps", () =>
    inTemporary(
      (folder) =>
        Effect.gen(function* () {
          yield* trained(folder)
          const best = yield* StoredEncoder.ofRun(folder, "best")
          const manifest = readFileSync(join(folder, "checkpoints", "000000008", "manifest.jsonl"), "utf8")
          const { step } = JSON.parse(/"best":(\{[^}]*\})/.exec(manifest)![1]!)
          assert.deepStrictEqual([best.which, best.step], ["best", step])
        }),
      "run"
    )
  )

  it.effect("tells which stages were given in code, from a checkpoint and from what was exported alone", () =>
    inTemporary(
      (folder) =>
        Effect.gen(function* () {
          yield* trained(folder)
          assert.deepStrictEqual((yield* StoredEncoder.ofRun(folder, "last")).ownStages, ["dataset"])
          const exported = join(folder, "encoder.safetensors")
          assert.deepStrictEqual((yield* StoredEncoder.ofFile(exported)).ownStages, ["dataset"])
          rmSync(join(folder, "checkpoints"), { recursive: true })
          assert.deepStrictEqual((yield* StoredEncoder.ofRun(folder, "last")).ownStages, ["dataset"])
        }),
      "run"
    )
  )

  it.effect("is not found where there is none, and is told where it is damaged", () =>
    inTemporary(
      (folder) =>
        Effect.gen(function* () {
          const missing = yield* Effect.flip(StoredEncoder.ofRun(`${folder}-none`, "last"))
          assert.include(missing.message, "there is no such folder")
          yield* trained(folder)
          const damage = (step: string) => {
            const file = join(folder, "checkpoints", step, "query.safetensors")
            const bytes = readFileSync(file)
            bytes[bytes.length - 1]! ^= 1
            writeFileSync(file, bytes)
          }
          damage("000000008")
          const damaged = yield* Effect.flip(
            StoredEncoder.ofFile(join(folder, "checkpoints", "000000008", "query.safetensors"))
          )
          assert.strictEqual(damaged._tag, "NoCheckpointWhole")
          assert.include(damaged.message, "its hash does not fit its content")
          // An older one is whole; the damaged one stays where it is.
          const older = yield* StoredEncoder.ofRun(folder, "last")
          assert.isBelow(older.step!, 8)
          for (const step of readdirSync(join(folder, "checkpoints"))) if (step !== "000000008") damage(step)
          const all = yield* Effect.flip(StoredEncoder.ofRun(folder, "last"))
          assert.strictEqual(all._tag, "NoCheckpointWhole")
        }),
      "run"
    )
  )
})

describe("the stages of an exported encoder that were given in code", () => {
  it.effect("are none without a file that tells of them, and are not guessed where it cannot be read", () =>
    inTemporary(
      (folder) =>
        Effect.gen(function* () {
          yield* trained(folder)
          rmSync(join(folder, "checkpoints"), { recursive: true })
          const environment = join(folder, "environment.json")
          const ownStages = () =>
            Effect.map(StoredEncoder.ofRun(folder, "last"), (stored) => stored.ownStages)
          assert.deepStrictEqual(yield* ownStages(), ["dataset"])
          for (const [text, reason] of [
            ["{", /JSON/],
            ['{"ownStages": 3}', /ownStages/],
            [" ".repeat(2 ** 18 + 1), /256 KiB/]
          ] as const) {
            writeFileSync(environment, text)
            const error = yield* Effect.flip(ownStages())
            assert.strictEqual(error._tag, "ConfigUnreadable")
            assert.include(error.message, environment)
            assert.match(error.message, reason)
            assert.include(error.message, "put a copy of it back")
          }
          rmSync(environment)
          assert.deepStrictEqual(yield* ownStages(), [])
        }),
      "run"
    )
  )
})

describe("what an encoder makes of images", () => {
  it.effect(
    "is left in the run's folder: points, neighbours, confusion, pictures, and TensorBoard's projector",
    () =>
      inTemporary(
        (folder) =>
          Effect.gen(function* () {
            const inspection = yield* Run.open({ config, folder }, { stages }).pipe(
              Effect.flatMap((run) => Effect.andThen(run.train(), run.inspect)),
              Effect.scoped
            )
            assert.strictEqual(inspection.step, 8)
            assert.lengthOf(inspection.map.points, images.numTest)
            assert.sameMembers(
              inspection.map.points.map(({ image }) => image),
              Array.from({ length: images.numTest }, (_, image) => image)
            )
            for (const { found, image } of inspection.neighbours.queries) {
              assert.notInclude(
                found.map((other) => other.image),
                image
              )
              const similarities = found.map(({ similarity }) => similarity)
              assert.deepStrictEqual(
                similarities,
                similarities.toSorted((a, b) => b - a)
              )
            }
            const counted = inspection.confusion!.counts.flat().reduce((sum, count) => sum + count, 0)
            assert.strictEqual(counted, images.numTest)
            for (const { file } of [inspection.pairs, inspection.filters!, inspection.map.thumbnails]) {
              assert.strictEqual(
                readFileSync(join(folder, "inspection", file)).toString("latin1", 8, 12),
                "WEBP"
              )
            }
            const written = JSON.parse(readFileSync(join(folder, "inspection", "inspection.json"), "utf8"))
            assert.deepStrictEqual(written, JSON.parse(JSON.stringify(inspection)))
            const rows = readFileSync(join(folder, "tensorboard", "tensors.tsv"), "utf8")
              .trimEnd()
              .split("\n")
            assert.lengthOf(rows, images.numTest)
          }),
        "run"
      )
  )

  it.effect("is left there afterwards too, from the stored encoder, as the run would have left it", () =>
    inTemporary(
      (folder) =>
        Effect.gen(function* () {
          const inRun = yield* Run.open({ config, folder }, { stages }).pipe(
            Effect.flatMap((run) => Effect.andThen(run.train(), run.inspect)),
            Effect.scoped
          )
          const inspection = join(folder, "inspection")
          for (const removed of ["", "checkpoints"]) {
            rmSync(inspection, { recursive: true })
            // Without a checkpoint it is the exported encoder.
            if (removed !== "") rmSync(join(folder, removed), { recursive: true })
            const stored = yield* StoredEncoder.ofRun(folder, "last")
            const { numTensors } = tf.memory()
            assert.deepStrictEqual(yield* inspectStored(folder, stored, { stages }), inRun)
            assert.strictEqual(tf.memory().numTensors, numTensors)
            assert.include(readdirSync(inspection), "inspection.json")
          }
        }),
      "run"
    )
  )

  it.effect("is not left in the folder of a run at work, which has gone on meanwhile or before", () =>
    inTemporary(
      (folder) =>
        Effect.gen(function* () {
          yield* trained(folder)
          const stored = yield* StoredEncoder.ofRun(folder, "last")
          const hold = FolderLock.hold(join(folder, "run.lock"))
          const before = yield* hold.pipe(
            Effect.andThen(Effect.flip(inspectStored(folder, stored, { stages }))),
            Effect.scoped
          )
          assert.strictEqual(before._tag, "FolderLocked")
          // The images are read after the first look at the lock.
          const goesOn = Layer.tap(stages.dataset, () => Effect.orDie(hold))
          const meanwhile = yield* Effect.flip(inspectStored(folder, stored, { stages: { dataset: goesOn } }))
          assert.strictEqual(meanwhile._tag, "FolderLocked")
          assert.isFalse(existsSync(join(folder, "inspection")))
        }),
      "run"
    )
  )

  it.effect("is not left over that of a run which has gone on meanwhile and ended", () =>
    inTemporary(
      (folder) =>
        Effect.gen(function* () {
          yield* trained(folder)
          const [newest, away] = [join(folder, "checkpoints", "000000008"), `${folder}-newest`]
          renameSync(newest, away)
          const stored = yield* StoredEncoder.ofRun(folder, "last")
          // The images are read after the first look at the folder.
          const goesOn = Layer.tap(stages.dataset, () => Effect.sync(() => renameSync(away, newest)))
          const error = yield* Effect.flip(inspectStored(folder, stored, { stages: { dataset: goesOn } }))
          assert.strictEqual(error._tag, "RunWentOn")
          for (const words of [folder, `of step ${stored.step}`, "of step 8", "look at it again"]) {
            assert.include(error.message, words)
          }
          assert.isFalse(existsSync(join(folder, "inspection")))
          assert.isFalse(existsSync(join(folder, "run.lock")))
        }),
      "run"
    )
  )

  it.effect("is written under the run's lock from the first file to the last, which is let go then", () =>
    inTemporary(
      (folder) =>
        Effect.gen(function* () {
          yield* trained(folder)
          const lock = join(folder, "run.lock")
          const stored = yield* StoredEncoder.ofRun(folder, "last")
          const written: Array<string> = []
          const real = yield* FileSystem.FileSystem
          const seen: FileSystem.FileSystem = {
            ...real,
            rename: (from, to) =>
              Effect.suspend(() => {
                if (to !== lock) written.push(existsSync(lock) ? "under the lock" : to)
                return real.rename(from, to)
              })
          }
          yield* inspectStored(folder, stored, { stages }).pipe(
            Effect.provideService(FileSystem.FileSystem, seen)
          )
          assert.isAbove(written.length, 4)
          assert.sameMembers([...new Set(written)], ["under the lock"])
          assert.isFalse(existsSync(lock))
        }),
      "run"
    )
  )

  it.effect("is refused of an export whose steps are not known, and the reason is told", () =>
    inTemporary(
      (folder) =>
        Effect.gen(function* () {
          yield* trained(folder)
          rmSync(join(folder, "checkpoints"), { recursive: true })
          const stored = yield* StoredEncoder.ofRun(folder, "last")
          const card = join(folder, "encoder.json")
          const refused = Effect.map(Effect.flip(inspectStored(folder, stored, { stages })), (error) => {
            assert.strictEqual(error._tag, "RunFolderEmpty")
            return error.message
          })
          writeFileSync(card, "no JSON")
          assert.match(yield* refused, /encoder\.json: it is damaged: .*JSON/)
          rmSync(card)
          assert.include(yield* refused, `${card}: it cannot be read: it does not exist`)
        }),
      "run"
    )
  )
})
