import { execFileSync } from "node:child_process"
import { assert, describe, it } from "@effect/vitest"
import * as RunFolder from "@moco/train/RunFolder"
import { type RunEvent, RunLog, read, readLast } from "@moco/train/RunLog"
import { validConfig } from "@moco/train/testing/validConfig"
import { Effect, FileSystem } from "effect"
import { inTemporary } from "./inTemporary.ts"
import { evaluation } from "./sampleEvent.ts"

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

  it.effect(
    "tells its last event from its end alone, however long its line and whatever stands before it",
    () =>
      inTemporary((dir) =>
        Effect.gen(function* () {
          const fs = yield* FileSystem.FileSystem
          const path = `${dir}/metrics.jsonl`
          const lastStep = Effect.map(readLast(path), (last) => last?.step)
          for (const text of ["", "no event\n", '{"event":']) {
            yield* fs.writeFileString(path, text)
            assert.isUndefined(yield* readLast(path))
          }
          yield* fs.writeFileString(path, "no event\n")
          const long: RunEvent = {
            ...{ event: "rolledBack", step: 1, failedStep: 2, rateFactor: 0.5 },
            reason: "x".repeat(100_000)
          }
          for (const [step, event] of [evaluation, long].entries()) {
            yield* Effect.flatMap(RunLog, ({ record }) => record(event)).pipe(
              Effect.provide(RunLog.layerJsonLines(path))
            )
            assert.strictEqual(yield* lastStep, step)
          }
          const whole = yield* fs.readFileString(path)
          yield* fs.writeFileString(path, `${whole}{"event":`)
          assert.strictEqual(yield* lastStep, 1)
        })
      )
  )

  it.effect("of a run that was copied by links leaves the original as it was", () =>
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

  it.effect("says so where it was removed or replaced under the run, and makes no new one", () =>
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

  it.effect("of a run that is copied by links while it goes on is written for itself alone", () =>
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
})
