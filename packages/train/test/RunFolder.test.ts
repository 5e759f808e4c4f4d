import { execFileSync } from "node:child_process"
import { assert, describe, it } from "@effect/vitest"
import { save } from "@moco/train/Checkpoint/store"
import { EventFile } from "@moco/train/EventFile"
import { withOldNames } from "@moco/train/RunConfig/renamed"
import * as RunFolder from "@moco/train/RunFolder"
import { RunLog } from "@moco/train/RunLog"
import { sampleManifest } from "@moco/train/testing"
import { validConfig } from "@moco/train/testing/validConfig"
import { Effect, FileSystem } from "effect"
import { inTemporary } from "./inTemporary.ts"
import { evaluation } from "./sampleEvent.ts"

describe("RunFolder", () => {
  it.effect("numbers the runs of a recipe, also when they start at once", () =>
    inTemporary((root) =>
      Effect.gen(function* () {
        const create = RunFolder.createNumbered(root, "quick")
        const folders = yield* Effect.all([create, create, create], { concurrency: "unbounded" })
        assert.sameMembers(
          folders.map(({ path }) => path),
          [1, 2, 3].map((n) => `${root}/quick-${n}`)
        )
        assert.strictEqual((yield* create).path, `${root}/quick-4`)
      }).pipe(Effect.scoped)
    )
  )

  it.effect(
    "opens a folder that does not exist, one that holds a stopped run, and none of a finished one",
    () =>
      inTemporary((root) =>
        Effect.gen(function* () {
          const out = `${root}/a/b`
          const opened = Effect.scoped(RunFolder.open(out))
          const { folder, holds } = yield* opened
          assert.strictEqual(holds, "nothing")
          const finish = (outcome: "interrupted" | "completed") =>
            Effect.gen(function* () {
              const { record } = yield* RunLog
              yield* record({
                event: "finished",
                step: 1,
                epoch: 0,
                outcome,
                trainingSeconds: 1,
                evaluationSeconds: 1
              })
            }).pipe(Effect.provide(RunLog.layerJsonLines(folder.metrics)))
          yield* finish("interrupted")
          assert.strictEqual((yield* opened).holds, "interrupted run")
          yield* finish("completed")
          // Killed before the encoder was written: that is still to do.
          assert.strictEqual((yield* opened).holds, "interrupted run")
          yield* RunFolder.writeFile(folder.encoder, Uint8Array.of(1))
          assert.strictEqual((yield* opened).holds, "interrupted run")
          yield* RunFolder.writeFile(folder.encoderCard, Uint8Array.of(1))
          // What stands before the end does not take it back.
          const fs = yield* FileSystem.FileSystem
          yield* fs.writeFileString(folder.metrics, `no event\n${yield* fs.readFileString(folder.metrics)}`)
          const error = yield* Effect.flip(opened)
          assert.strictEqual(error._tag, "RunFolderOccupied")
          assert.include(error.message, out)
          assert.include(error.message, "--out")
        })
      )
  )

  it.effect(
    "is still an interrupted run's where only checkpoints are left, and begins anew where it never began",
    () =>
      inTemporary((root) =>
        Effect.gen(function* () {
          const opened = Effect.scoped(RunFolder.open(`${root}/a`))
          const { folder } = yield* opened
          yield* RunFolder.writeConfig(folder, validConfig)
          assert.strictEqual((yield* opened).holds, "nothing")
          // Of an older program too.
          const { kind: _, ...encoder } = validConfig.encoder
          const { imageSize: __, ...data } = validConfig.data
          const older = JSON.stringify(withOldNames({ ...validConfig, encoder, data }))
          yield* RunFolder.writeFile(folder.config, new TextEncoder().encode(older))
          assert.strictEqual((yield* opened).holds, "nothing")
          yield* save(folder.checkpoints, { manifest: sampleManifest(validConfig, 3), parts: {} })
          assert.strictEqual((yield* opened).holds, "interrupted run")
          // What a save was killed over is cleared up by who opens the folder next.
          const fs = yield* FileSystem.FileSystem
          yield* fs.makeDirectory(`${folder.checkpoints}/000000004.tmp`)
          yield* opened
          assert.deepStrictEqual(yield* fs.readDirectory(folder.checkpoints), ["000000003"])
        })
      )
  )

  const strangers: ReadonlyArray<
    readonly [
      name: string,
      make: (fs: FileSystem.FileSystem, file: string) => Effect.Effect<unknown, unknown>,
      words?: string
    ]
  > = [
    ["config.json", (fs, file) => fs.writeFileString(file, '{"mine":1}'), ", which is no run's: mine"],
    ["config.json", (fs, file) => fs.writeFileString(file, "{"), ", which cannot be read: Expected"],
    ["environment.json", (fs, file) => fs.writeFileString(file, "{}")],
    ["encoder.safetensors", (fs, file) => fs.writeFileString(file, "")],
    ["metrics.jsonl", (fs, file) => fs.symlink("/etc/hostname", file)],
    ["checkpoints", (fs, file) => fs.symlink("/tmp", file)],
    ["checkpoints", (fs, file) => fs.writeFileString(file, "")],
    ["tensorboard", (fs, file) => fs.symlink("/tmp", file)],
    ["tensorboard", (fs, file) => fs.makeDirectory(file)],
    ["metrics.jsonl", (_, file) => Effect.sync(() => execFileSync("mkfifo", [file]))]
  ]
  for (const [i, [name, make, words = ""]] of strangers.entries()) {
    it.effect(`is not written to where ${name} is none of a run's (${i + 1})`, () =>
      inTemporary((root) =>
        Effect.gen(function* () {
          yield* Effect.orDie(make(yield* FileSystem.FileSystem, `${root}/${name}`))
          const error = yield* Effect.flip(Effect.scoped(RunFolder.open(root)))
          assert.strictEqual(error._tag, "RunFolderOccupied")
          assert.include(error.message, `${root}/${name}${words}`)
        })
      )
    )
  }

  it.effect("never writes through a link, whatever its name", () =>
    inTemporary((root) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const mine = `${root}/mine`
        yield* fs.writeFileString(mine, "mine")
        const out = `${root}/run`
        yield* fs.makeDirectory(`${out}/checkpoints`, { recursive: true })
        const names = ["config.json", "environment.json", "encoder.safetensors", "profile.json"].map(
          (name) => `${name}.tmp`
        )
        const locks = [`run.lock.${process.pid}`, `run.lock.stale-${process.pid}`, "run.lock.tmp"]
        for (const name of [...names, ...locks, "checkpoints/000000003.tmp"]) {
          yield* fs.symlink(mine, `${out}/${name}`)
        }
        yield* Effect.scoped(
          Effect.gen(function* () {
            const { folder } = yield* RunFolder.open(out)
            yield* RunFolder.writeConfig(folder, validConfig)
            for (const file of [folder.environment, folder.encoder, folder.profile])
              yield* RunFolder.writeFile(file, Uint8Array.of(1))
            yield* save(folder.checkpoints, { manifest: sampleManifest(validConfig, 3), parts: {} })
          })
        )
        assert.strictEqual(yield* fs.readFileString(mine), "mine")
      })
    )
  )

  it.effect("writes nothing once another process has taken it over, or it is gone", () =>
    inTemporary((root) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        for (const lose of [
          fs
            .rename(`${root}/a/run.lock`, `${root}/old`)
            .pipe(Effect.andThen(fs.writeFileString(`${root}/a/run.lock`, "of another"))),
          fs.rename(`${root}/a`, `${root}/b`)
        ]) {
          yield* Effect.scoped(
            Effect.gen(function* () {
              const { folder } = yield* RunFolder.open(`${root}/a`)
              const write = folder.writing(RunFolder.writeFile(folder.encoder, Uint8Array.of(1)))
              const log = Effect.flatMap(RunLog, ({ record }) =>
                Effect.gen(function* () {
                  yield* record(evaluation)
                  yield* lose
                  return yield* Effect.flip(record(evaluation))
                })
              ).pipe(Effect.provide(RunLog.layerJsonLines(folder.metrics)), folder.writing)
              assert.match((yield* log).message, /has taken the folder over|removed, moved or replaced/)
              assert.strictEqual((yield* Effect.flip(write))._tag, "RunFolderUnwritable")
              const checkpoint = { manifest: sampleManifest(validConfig, 3), parts: {} }
              const unsaved = yield* Effect.flip(folder.writing(save(folder.checkpoints, checkpoint)))
              assert.strictEqual(unsaved._tag, "CheckpointUnwritable")
              yield* EventFile.pipe(
                Effect.flatMap(({ goOnAt }) => goOnAt(3)),
                Effect.provide(EventFile.layerFolder(folder.tensorboard)),
                folder.writing
              )
            })
          )
          assert.isFalse(yield* fs.exists(`${root}/a/encoder.safetensors`))
          assert.isFalse(yield* fs.exists(`${root}/a/checkpoints`))
          assert.isFalse(yield* fs.exists(`${root}/a/tensorboard`))
          for (const name of ["a", "b"]) yield* fs.remove(`${root}/${name}`, { recursive: true, force: true })
        }
      })
    )
  )

  it.effect("may be a link itself", () =>
    inTemporary((root) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        yield* fs.makeDirectory(`${root}/there`)
        yield* fs.symlink(`${root}/there`, `${root}/here`)
        assert.strictEqual((yield* Effect.scoped(RunFolder.open(`${root}/here`))).holds, "nothing")
      })
    )
  )

  it.effect("is one process's at a time", () =>
    inTemporary((root) =>
      Effect.gen(function* () {
        yield* RunFolder.open(`${root}/a`)
        const error = yield* Effect.flip(RunFolder.open(`${root}/a`))
        assert.strictEqual(error._tag, "FolderLocked")
      }).pipe(Effect.scoped)
    )
  )

  it.effect("names the file that cannot be written, and leaves no part of it", () =>
    inTemporary((root) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const target = `${root}/nowhere/encoder.safetensors`
        const error = yield* Effect.flip(RunFolder.writeFile(target, Uint8Array.of(1)))
        assert.strictEqual(error._tag, "RunFolderUnwritable")
        assert.include(error.message, target)
        assert.deepStrictEqual(yield* fs.readDirectory(root), [])
      })
    )
  )
})
