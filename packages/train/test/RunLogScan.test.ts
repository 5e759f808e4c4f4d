import { assert, describe, it } from "@effect/vitest"
import { type RunEvent, RunLog, type RunRecord, read } from "@moco/train/RunLog"
import { scan } from "@moco/train/RunLog/scan"
import { Effect, FileSystem } from "effect"
import fc from "fast-check"
import { inTemporary } from "./inTemporary.ts"
import { evaluation } from "./sampleEvent.ts"

const step = (step: number): RunEvent => ({
  ...{ event: "step", step, epoch: 0, numSteps: 100, numEpochs: 1, stepMs: 250 },
  metrics: { loss: 1 },
  lossState: { logNormalizer: step }
})

const written = (path: string, events: ReadonlyArray<RunEvent>) =>
  Effect.flatMap(RunLog, ({ record }) => Effect.forEach(events, record, { discard: true })).pipe(
    Effect.provide(RunLog.layerJsonLines(path))
  )

describe("a scan of a run log", () => {
  it.effect("finds the events that reading all of it finds, the last step, and the time of all steps", () =>
    inTemporary((dir) =>
      Effect.gen(function* () {
        const path = `${dir}/metrics.jsonl`
        yield* written(path, [step(0), evaluation, step(1), { event: "resumed", step: 2 }, step(2)])
        const all = yield* read(path)
        const found = yield* scan(path)
        assert.deepStrictEqual<ReadonlyArray<RunRecord>>(
          found.events,
          all.filter(({ event }) => event !== "step")
        )
        assert.deepStrictEqual(found.lastStep, all.at(-1) as typeof found.lastStep)
        assert.strictEqual(found.stepSeconds, 0.75)
        assert.deepStrictEqual(found.problems, [])
      })
    )
  )

  it.effect("from any byte on finds the whole lines behind it", () =>
    inTemporary((dir) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = `${dir}/metrics.jsonl`
        yield* written(path, [step(0), evaluation, step(1), evaluation, step(2)])
        const text = yield* fs.readFileString(path)
        for (const { from } of fc.sample(fc.record({ from: fc.nat(text.length) }), 50)) {
          const begin = from === 0 ? 0 : text.indexOf("\n", from - 1) + 1
          const lines = text.slice(begin).split("\n").slice(0, -1)
          const { events, lastStep, problems, stepSeconds } = yield* scan(path, { from })
          assert.strictEqual(events.length, lines.filter((line) => line.includes('"evaluation"')).length)
          assert.strictEqual(lastStep?.step, lines.length === 0 ? undefined : 2)
          assert.strictEqual(stepSeconds, lines.filter((line) => line.includes('"step",')).length / 4)
          assert.deepStrictEqual(problems, [])
        }
        const second = text.indexOf("\n") + 1
        assert.strictEqual((yield* scan(path, { since: second })).stepSeconds, 0.5)
      })
    )
  )

  it.effect("tells what is no event, and leaves out a last line that was torn off", () =>
    inTemporary((dir) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = `${dir}/metrics.jsonl`
        yield* written(path, [step(0)])
        const text = yield* fs.readFileString(path)
        yield* fs.writeFileString(
          path,
          `${text}no event\n{"format":99,"event":"new"}\n{"format":2,"event":"st`
        )
        const { lastStep, problems } = yield* scan(path)
        assert.strictEqual(lastStep?.step, 0)
        assert.lengthOf(problems, 2)
        assert.include(problems[1]!.problem, "it has format 99")
      })
    )
  )

  it.effect("of a file of one line without an end finds nothing", () =>
    inTemporary((dir) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const path = `${dir}/metrics.jsonl`
        yield* fs.writeFileString(path, "")
        const nothing = { events: [], lastStep: undefined, stepSeconds: 0, problems: [] }
        assert.deepStrictEqual(yield* scan(path), nothing)
        yield* fs.writeFileString(path, "x".repeat(5_000_000))
        assert.deepStrictEqual(yield* scan(path), nothing)
      })
    )
  )
})
