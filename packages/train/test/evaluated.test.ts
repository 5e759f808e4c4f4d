import { appendFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { measured } from "@moco/evaluation/Measurement"
import { type Evaluated, keepEvaluated, readEvaluated } from "@moco/train/RunFolder/evaluated"
import { Effect, FileSystem } from "effect"
import { inTemporary } from "./inTemporary.ts"

const metric = { evaluation: "knn", metric: "kNN accuracy", unit: "fraction", higherIsBetter: true }

const evaluated = (value: number): Evaluated => ({
  ...{ time: "2026-01-01T00:00:00.000Z", which: "last", step: 8, weights: "ab" },
  images: { name: "own", sha256: "cd" },
  evaluations: {},
  measurements: [measured({ ...metric, protocol: "made up" }, "trained encoder", value)]
})

describe("what was measured of a run's encoder since", () => {
  it.effect("is read as it was kept, oldest first, numbers that are none included", () =>
    inTemporary(
      (file) =>
        Effect.gen(function* () {
          for (const value of [0.5, Number.NaN]) yield* keepEvaluated(file, evaluated(value))
          const { found, problems } = yield* readEvaluated(file)
          assert.deepStrictEqual(problems, [])
          assert.deepStrictEqual(
            found.map(({ measurements }) => measurements[0]!.value),
            [0.5, Number.NaN]
          )
          assert.deepInclude(found[0], { which: "last", step: 8, weights: "ab" })
        }),
      "evaluations.jsonl"
    )
  )

  it.effect("is nothing where nothing was kept", () =>
    inTemporary(
      (file) =>
        Effect.map(readEvaluated(file), (read) => assert.deepStrictEqual(read, { found: [], problems: [] })),
      "evaluations.jsonl"
    )
  )

  it.effect("is read beside lines that are damaged, which are told by their number", () =>
    inTemporary(
      (file) =>
        Effect.gen(function* () {
          yield* keepEvaluated(file, evaluated(0.5))
          appendFileSync(file, '{"time": 3}\n')
          yield* keepEvaluated(file, evaluated(0.6))
          appendFileSync(file, readFileSync(file, "utf8").slice(0, 40))
          const { found, problems } = yield* readEvaluated(file)
          assert.lengthOf(found, 2)
          assert.lengthOf(problems, 1)
          assert.match(problems[0]!, /^evaluations\.jsonl, line 2: /)
        }),
      "evaluations.jsonl"
    )
  )

  it.effect("is read without the settings that it was measured by, which another time may not know", () =>
    inTemporary(
      (file) =>
        Effect.gen(function* () {
          const line = { ...evaluated(0.5), evaluations: { later: {} } }
          appendFileSync(file, `${JSON.stringify(line)}\n`)
          assert.lengthOf((yield* readEvaluated(file)).found, 1)
        }),
      "evaluations.jsonl"
    )
  )

  for (const before of [[], [0.1]]) {
    const where = before.length === 0 ? "making the file" : "looking at its end"
    it.effect(`is kept beside what another process keeps while this one is ${where}`, () =>
      inTemporary(
        (file) =>
          Effect.gen(function* () {
            for (const value of before) yield* keepEvaluated(file, evaluated(value))
            const real = yield* FileSystem.FileSystem
            let isOver = false
            const calls: Array<string> = []
            const other = Effect.suspend(() => {
              if (isOver) return Effect.void
              isOver = true
              return Effect.orDie(keepEvaluated(file, evaluated(0.2)))
            }).pipe(Effect.provideService(FileSystem.FileSystem, real))
            const met: FileSystem.FileSystem = {
              ...real,
              open: (path, options) =>
                Effect.andThen(options?.flag === "ax" ? other : Effect.void, real.open(path, options)).pipe(
                  Effect.map((opened) => ({
                    ...opened,
                    stat: opened.stat,
                    sync: Effect.suspend(() =>
                      Effect.andThen(
                        Effect.sync(() => calls.push("synced")),
                        opened.sync
                      )
                    ),
                    writeAll: (bytes) =>
                      Effect.tap(opened.writeAll(bytes), () => Effect.sync(() => calls.push("written"))),
                    truncate: (length) => opened.truncate(length),
                    read: (buffer, options) => Effect.tap(opened.read(buffer, options), other)
                  }))
                )
            }
            yield* Effect.provideService(keepEvaluated(file, evaluated(0.3)), FileSystem.FileSystem, met)
            assert.isTrue(isOver)
            assert.deepStrictEqual(calls, ["written", "synced"])
            const { found, problems } = yield* readEvaluated(file)
            assert.deepStrictEqual(problems, [])
            assert.deepStrictEqual(
              found.map(({ measurements }) => measurements[0]!.value),
              [...before, 0.2, 0.3]
            )
          }),
        "evaluations.jsonl"
      )
    )
  }

  it.effect("is read past an empty line, which two leave who end a torn one at once", () =>
    inTemporary(
      (file) =>
        Effect.gen(function* () {
          yield* keepEvaluated(file, evaluated(0.5))
          appendFileSync(file, `\n${readFileSync(file, "utf8")}{}\n`)
          const { found, problems } = yield* readEvaluated(file)
          assert.lengthOf(found, 2)
          assert.match(problems.join(), /^evaluations\.jsonl, line 4: /)
        }),
      "evaluations.jsonl"
    )
  )

  it.effect("is kept behind a line that was torn off, which stays and is told", () =>
    inTemporary(
      (file) =>
        Effect.gen(function* () {
          appendFileSync(file, '{"time": "20')
          yield* keepEvaluated(file, evaluated(0.5))
          assert.match(readFileSync(file, "utf8"), /^\{"time": "20\n\{.*\}\n$/)
          const { found, problems } = yield* readEvaluated(file)
          assert.lengthOf(found, 1)
          assert.match(problems.join(), /^evaluations\.jsonl, line 1: /)
        }),
      "evaluations.jsonl"
    )
  )

  it.effect("is read where an older version has written null for a number that is none", () =>
    inTemporary(
      (file) =>
        Effect.gen(function* () {
          const line = evaluated(Number.NaN)
          const interval = { low: Number.NaN, high: 0.5 }
          const measurements = line.measurements.map((one) => ({ ...one, interval, higherIsBetter: null }))
          appendFileSync(file, `${JSON.stringify({ ...line, measurements })}\n`)
          const { found, problems } = yield* readEvaluated(file)
          assert.deepStrictEqual(problems, [])
          assert.deepStrictEqual(found[0]?.measurements, measurements)
        }),
      "evaluations.jsonl"
    )
  )

  it.effect(
    "is not read where it is larger than any of ours, and of very many lines only the newest are",
    () =>
      inTemporary(
        (file) =>
          Effect.gen(function* () {
            writeFileSync(file, "{}\n".repeat(10_002))
            const { problems } = yield* readEvaluated(file)
            assert.match(problems[0]!, /of its 10002 lines the last 10000 are read/)
            assert.match(problems[1]!, /^evaluations\.jsonl, line 3: /)
            truncateSync(file, 2 ** 24 + 1)
            assert.deepStrictEqual(yield* readEvaluated(file), {
              found: [],
              problems: [
                "evaluations.jsonl: it has 16777217 bytes, and 16777216 are read at most; check that it is the file that you mean"
              ]
            })
          }),
        "evaluations.jsonl"
      )
  )
})
