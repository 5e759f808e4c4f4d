import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as FolderLock from "@moco/train/FolderLock"
import { inspectStored } from "@moco/train/inspectStored"
import * as Run from "@moco/train/Run"
import * as StoredEncoder from "@moco/train/StoredEncoder"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, FileSystem, Layer } from "effect"
import { inTemporary } from "./inTemporary.ts"
import { config, images, stages, trained } from "./storedRun.ts"

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

  it.effect("is written no further once the lock is lost", () =>
    inTemporary(
      (folder) =>
        Effect.gen(function* () {
          yield* trained(folder)
          const lock = join(folder, "run.lock")
          const stored = yield* StoredEncoder.ofRun(folder, "last")
          const real = yield* FileSystem.FileSystem
          const written: Array<string> = []
          const losing: FileSystem.FileSystem = {
            ...real,
            rename: (from, to) =>
              Effect.tap(real.rename(from, to), () =>
                Effect.sync(() => {
                  if (to === lock) return
                  written.push(to)
                  rmSync(lock, { force: true })
                })
              )
          }
          const error = yield* Effect.flip(
            inspectStored(folder, stored, { stages }).pipe(
              Effect.provideService(FileSystem.FileSystem, losing)
            )
          )
          assert.include(error.message, folder)
          assert.lengthOf(written, 1)
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
