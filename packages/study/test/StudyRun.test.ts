import { assert, describe, it } from "@effect/vitest"
import type { Trial } from "@moco/study/Study"
import { type StudyEvent, StudyProgress } from "@moco/study/StudyProgress"
import { StudyRecord, StudyRecordError } from "@moco/study/StudyRecord"
import { runStudy } from "@moco/study/StudyRun"
import { TrialExecutor, TrialImpossible } from "@moco/study/TrialExecutor"
import type { TrialRecord } from "@moco/study/TrialRecord"
import { Cause, Effect, Exit, Fiber, Layer } from "effect"
import { completed, failed, study } from "./studyFixture.ts"

/** Stages of a study that remember in memory what they are asked to do. */
const stages = (run: (trial: Trial) => Effect.Effect<TrialRecord, TrialImpossible | StudyRecordError>) => {
  const record = new Map<string, TrialRecord>()
  const started: Array<string> = []
  const events: Array<StudyEvent> = []
  const most = { running: 0, seen: 0 }
  const layer = Layer.mergeAll(
    Layer.succeed(
      StudyRecord,
      StudyRecord.of({
        append: (entry) => Effect.sync(() => void record.set(entry.trial, entry)),
        all: Effect.sync(() => [...record.values()])
      })
    ),
    Layer.succeed(
      TrialExecutor,
      TrialExecutor.of({
        run: (trial) =>
          Effect.gen(function* () {
            started.push(trial.id)
            most.running++
            most.seen = Math.max(most.seen, most.running)
            return yield* run(trial)
          }).pipe(Effect.ensuring(Effect.sync(() => most.running--)))
      })
    ),
    Layer.succeed(
      StudyProgress,
      StudyProgress.of({ observe: (event) => Effect.sync(() => void events.push(event)) })
    )
  )
  return { layer, record, started, events, most }
}

const ids = study.trials.map(({ id }) => id)
const succeed = (trial: Trial) => Effect.yieldNow.pipe(Effect.as(completed(trial, 0.7)))

describe("runStudy", () => {
  it.effect("runs every trial once and records each", () =>
    Effect.gen(function* () {
      const { events, layer, record, started } = stages(succeed)
      const ended = yield* Effect.provide(runStudy(study, 1), layer)
      assert.deepStrictEqual(started, ids)
      assert.strictEqual(ended.length, ids.length)
      assert.deepStrictEqual([...record.keys()], ids)
      assert.deepStrictEqual(
        events.slice(0, 3).map(({ event }) => event),
        ["opened", "started", "ended"]
      )
    })
  )

  for (const concurrency of [1, 2, 5]) {
    it.effect(`has at most ${concurrency} running`, () =>
      Effect.gen(function* () {
        const { layer, most } = stages((trial) =>
          Effect.forEach([1, 2, 3], () => Effect.yieldNow).pipe(Effect.as(completed(trial, 0.7)))
        )
        yield* Effect.provide(runStudy(study, concurrency), layer)
        assert.strictEqual(most.seen, concurrency)
      })
    )
  }

  it.effect("goes on where it was interrupted and repeats no finished trial", () =>
    Effect.gen(function* () {
      let left = 5
      const { layer, record, started } = stages((trial) =>
        left-- > 0 ? succeed(trial) : Effect.interruptible(Effect.never)
      )
      const fiber = yield* Effect.forkChild(Effect.provide(runStudy(study, 1), layer))
      while (started.length < 6) yield* Effect.yieldNow
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(record.size, 5)
      left = 100
      yield* Effect.provide(runStudy(study, 1), layer)
      // The sixth was stopped on the way, and is the only one that was begun twice.
      assert.deepStrictEqual(started, [...ids.slice(0, 6), ...ids.slice(5)])
    })
  )

  it.effect("records a run that ends while the study is being stopped", () =>
    Effect.gen(function* () {
      const { layer, record, started } = stages((trial) =>
        Effect.forEach([1, 2, 3, 4, 5], () => Effect.yieldNow).pipe(Effect.as(completed(trial, 0.7)))
      )
      const fiber = yield* Effect.forkChild(Effect.provide(runStudy(study, 1), layer))
      while (started.length < 2) yield* Effect.yieldNow
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual([...record.keys()], started)
    })
  )

  it.effect("stops at a reason that no run can start for, and records none", () =>
    Effect.gen(function* () {
      const { layer, record } = stages((trial) =>
        Effect.fail(new TrialImpossible({ trial: trial.id, reason: ["the data set is not there"] }))
      )
      const error = yield* Effect.flip(Effect.provide(runStudy(study, 1), layer))
      assert.include(error.message, "the data set is not there")
      assert.strictEqual(record.size, 0)
    })
  )

  it.effect("keeps a failure as a result and goes on", () =>
    Effect.gen(function* () {
      const { layer, record } = stages((trial) =>
        trial.settings["m"] === 0 ? Effect.succeed(failed(trial, true)) : succeed(trial)
      )
      const ended = yield* Effect.provide(runStudy(study, 2), layer)
      assert.strictEqual(ended.filter(({ outcome }) => outcome === "failed").length, ids.length / 2)
      assert.strictEqual(record.size, ids.length)
    })
  )

  it.effect("repeats what failed for want of memory or disk, and nothing that failed by its setting", () =>
    Effect.gen(function* () {
      let isFull = true
      const { layer, started } = stages((trial) => {
        if (trial.id === ids[0]) return Effect.succeed(failed(trial, true))
        return isFull && trial.id === ids[1] ? Effect.succeed(failed(trial, false)) : succeed(trial)
      })
      yield* Effect.provide(runStudy(study, 1), layer)
      isFull = false
      const ended = yield* Effect.provide(runStudy(study, 1), layer)
      assert.deepStrictEqual(started, [...ids, ids[1]!])
      assert.strictEqual(ended.filter(({ outcome }) => outcome === "failed").length, 1)
    })
  )

  for (const running of [1, 2]) {
    it.effect(`tells what could not be saved when it was stopped, with ${running} runs side by side`, () =>
      Effect.gen(function* () {
        const lost = (path: string) =>
          new StudyRecordError({ operation: "written", path, reason: "full", hint: "" })
        const { layer, started } = stages((trial) =>
          Effect.onInterrupt(Effect.interruptible(Effect.never), () => Effect.fail(lost(trial.id)))
        )
        const fiber = yield* Effect.forkChild(Effect.provide(runStudy(study, running), layer))
        while (started.length < running) yield* Effect.yieldNow
        yield* Fiber.interrupt(fiber)
        const exit = yield* Fiber.await(fiber)
        assert.isTrue(Exit.isFailure(exit) && Cause.hasInterrupts(exit.cause))
        const errors = Exit.isFailure(exit) ? exit.cause.reasons.filter(Cause.isFailReason) : []
        assert.deepStrictEqual(
          errors.map(({ error }) => error._tag === "StudyRecordError" && error.path).sort(),
          ids.slice(0, running).sort()
        )
      })
    )
  }
})
