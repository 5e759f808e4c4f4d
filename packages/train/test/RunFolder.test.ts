import { execFileSync } from "node:child_process"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { save } from "@moco/train/Checkpoint/store"
import * as RunFolder from "@moco/train/RunFolder"
import { type RunEvent, RunLog, read } from "@moco/train/RunLog"
import { sampleManifest } from "@moco/train/testing"
import { Effect, FileSystem, type Scope } from "effect"
import { validConfig } from "./validConfig.ts"

const evaluation: RunEvent = {
  event: "evaluation",
  step: 0,
  epoch: 0,
  subject: "rawPixels",
  neighbours: [{ k: 20, accuracy: 0.8 }],
  seconds: 1
}

const inTemporary = <E>(
  test: (
    dir: string
  ) => Effect.Effect<void, E, FileSystem.FileSystem | Scope.Scope | NodeServices.NodeServices>
) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    yield* test(yield* fs.makeTempDirectoryScoped())
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

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
    readonly [string, (fs: FileSystem.FileSystem, file: string) => Effect.Effect<unknown, unknown>]
  > = [
    ["config.json", (fs, file) => fs.writeFileString(file, '{"mine":1}')],
    ["environment.json", (fs, file) => fs.writeFileString(file, "{}")],
    ["encoder.safetensors", (fs, file) => fs.writeFileString(file, "")],
    ["metrics.jsonl", (fs, file) => fs.symlink("/etc/hostname", file)],
    ["checkpoints", (fs, file) => fs.symlink("/tmp", file)],
    ["checkpoints", (fs, file) => fs.writeFileString(file, "")],
    ["metrics.jsonl", (_, file) => Effect.sync(() => execFileSync("mkfifo", [file]))]
  ]
  for (const [i, [name, make]] of strangers.entries()) {
    it.effect(`is not written to where ${name} is none of a run's (${i + 1})`, () =>
      inTemporary((root) =>
        Effect.gen(function* () {
          yield* Effect.orDie(make(yield* FileSystem.FileSystem, `${root}/${name}`))
          const error = yield* Effect.flip(Effect.scoped(RunFolder.open(root)))
          assert.strictEqual(error._tag, "RunFolderOccupied")
          assert.include(error.message, `${root}/${name}`)
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
            })
          )
          assert.isFalse(yield* fs.exists(`${root}/a/encoder.safetensors`))
          assert.isFalse(yield* fs.exists(`${root}/a/checkpoints`))
          for (const name of ["a", "b"]) yield* fs.remove(`${root}/${name}`, { recursive: true, force: true })
        }
      })
    )
  )

  it.effect("that was copied by links leaves the original as it was when it goes on", () =>
    inTemporary((root) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const { folder } = yield* Effect.scoped(RunFolder.open(`${root}/a`))
        const record = (path: string) =>
          Effect.flatMap(RunLog, (log) => log.record(evaluation)).pipe(
            Effect.provide(RunLog.layerJsonLines(path))
          )
        yield* RunFolder.writeConfig(folder, validConfig)
        yield* record(folder.metrics)
        execFileSync("cp", ["-al", `${root}/a`, `${root}/b`])
        const before = yield* fs.readFileString(folder.metrics)
        yield* record(`${root}/b/metrics.jsonl`)
        yield* Effect.flatMap(RunLog, (log) => log.truncate(3)).pipe(
          Effect.provide(RunLog.layerJsonLines(`${root}/b/metrics.jsonl`))
        )
        assert.strictEqual(yield* fs.readFileString(folder.metrics), before)
        assert.strictEqual((yield* fs.stat(`${root}/b/metrics.jsonl`)).size, 3n)
      })
    )
  )

  it.effect("says so where its log was removed or replaced under the run, and makes no new one", () =>
    inTemporary((root) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = `${root}/metrics.jsonl`
        for (const lose of [fs.remove(path), fs.rename(path, `${root}/moved`)]) {
          const error = yield* Effect.gen(function* () {
            const { record } = yield* RunLog
            yield* record(evaluation)
            yield* lose
            return yield* Effect.flip(record(evaluation))
          }).pipe(Effect.provide(RunLog.layerJsonLines(path)))
          assert.include(error.message, "was removed, moved or replaced while it was in use")
          assert.isFalse(yield* fs.exists(path))
        }
      })
    )
  )

  it.effect("that is copied by links while it runs writes on for itself alone", () =>
    inTemporary((root) =>
      Effect.gen(function* () {
        const { folder } = yield* RunFolder.open(`${root}/a`)
        yield* Effect.gen(function* () {
          const { record, truncate } = yield* RunLog
          yield* record(evaluation)
          execFileSync("cp", ["-al", `${root}/a`, `${root}/b`])
          yield* record(evaluation)
          execFileSync("cp", ["-al", `${root}/a`, `${root}/c`])
          yield* truncate(0)
        }).pipe(Effect.provide(RunLog.layerJsonLines(folder.metrics)))
        const numLines = ["a", "b", "c"].map((name) => read(`${root}/${name}/metrics.jsonl`))
        assert.deepStrictEqual(
          (yield* Effect.all(numLines)).map(({ length }) => length),
          [0, 1, 2]
        )
      }).pipe(Effect.scoped)
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

describe("RunLog", () => {
  it.effect("reads back what was recorded, in order and with its time", () =>
    inTemporary((dir) =>
      Effect.gen(function* () {
        const path = `${dir}/metrics.jsonl`
        yield* Effect.gen(function* () {
          const { record } = yield* RunLog
          yield* record(evaluation)
          yield* record({ ...evaluation, step: 1 })
        }).pipe(Effect.provide(RunLog.layerJsonLines(path)))
        const records = yield* read(path)
        assert.deepStrictEqual(
          records.map((record) => record.step),
          [0, 1]
        )
        // The tests' clock stands still at its start.
        assert.strictEqual(records[0]!.time, "1970-01-01T00:00:00.000Z")
      })
    )
  )

  it.effect("leaves out a last line that was torn off, and writes over it when it goes on", () =>
    inTemporary((dir) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = `${dir}/metrics.jsonl`
        const record = (event: RunEvent) =>
          Effect.flatMap(RunLog, (log) => log.record(event)).pipe(Effect.provide(RunLog.layerJsonLines(path)))
        yield* record(evaluation)
        const whole = yield* fs.readFileString(path)
        yield* fs.writeFileString(path, `${whole}${whole.slice(0, 25)}`)
        assert.strictEqual((yield* read(path)).length, 1)
        yield* record({ ...evaluation, step: 7 })
        assert.deepStrictEqual(
          (yield* read(path)).map(({ step }) => step),
          [0, 7]
        )
      })
    )
  )

  it.effect("names the line that is damaged", () =>
    inTemporary((dir) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = `${dir}/metrics.jsonl`
        yield* fs.writeFileString(path, '{"event":"evaluation"}\n')
        const error = yield* Effect.flip(read(path))
        assert.strictEqual(error._tag, "RunLogCorrupt")
        assert.include(error.message, "line 1")
      })
    )
  )
})
