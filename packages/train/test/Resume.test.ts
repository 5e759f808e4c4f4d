import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as EndToEnd from "@moco/core/Dictionary/EndToEnd"
import { load, newestGood } from "@moco/train/Checkpoint/load"
import * as Store from "@moco/train/Checkpoint/store"
import { pretrain } from "@moco/train/Pretrain"
import { RecordedEvents } from "@moco/train/RunLog"
import { RunState } from "@moco/train/RunState"
import { Cause, Effect, Exit, Fiber, Layer, Path } from "effect"
import { inTemporary, losses, runOf, settings, stateHash } from "./checkpointedRun.ts"
import { evaluatedBy } from "./evaluatedBy.ts"
import { mechanisms } from "./mechanisms.ts"
import type { TinySettings } from "./tinyRun.ts"

/** What a run's state must be whole of. */
const variants: ReadonlyArray<readonly [string, TinySettings]> = [
  ...mechanisms,
  ["a queue and a symmetric loss", { symmetric: true }],
  ["one encoder end-to-end", { dictionary: EndToEnd.layerShared({ batchSize: 8 }) }],
  ["the project's own ops", { width: 16 }]
]

describe("A resumed run", () => {
  for (const [name, tiny] of variants) {
    it.effect(`goes on to the bit as if nothing had happened, from any step, with ${name}`, () =>
      inTemporary((root) =>
        Effect.gen(function* () {
          const path = yield* Path.Path
          const whole = yield* Effect.gen(function* () {
            yield* pretrain(settings)
            return { hash: yield* stateHash, losses: yield* losses }
          }).pipe(Effect.provide(runOf(root, tiny)))
          // Before and after the queue of 20 has wrapped, in the middle of an epoch of 8 steps and at its end.
          for (const step of [1, 2, 5, 8, 13, 16, 23]) {
            const { manifest, parts } = yield* load(path.join(root, Store.folderName(step)))
            const rest = yield* Effect.gen(function* () {
              yield* (yield* RunState).restore({ parts, counters: manifest.counters })
              yield* pretrain({ ...settings, from: manifest.progress })
              return { hash: yield* stateHash, losses: yield* losses }
            }).pipe(Effect.provide(runOf(path.join(root, "again"), tiny, { epochs: 1 })))
            assert.strictEqual(rest.hash, whole.hash, `from step ${step}`)
            assert.deepStrictEqual(rest.losses, whole.losses.slice(step), `from step ${step}`)
          }
        })
      )
    )
  }

  it.effect("goes on from where it was interrupted", () =>
    inTemporary((root) =>
      Effect.gen(function* () {
        const whole = yield* Effect.andThen(pretrain(settings), stateHash).pipe(
          Effect.provide(runOf(`${root}-whole`, {}, {}))
        )
        yield* Effect.gen(function* () {
          const seen = yield* RecordedEvents
          const fiber = yield* Effect.forkChild(pretrain(settings))
          while ((yield* seen.all).filter(({ event }) => event === "step").length < 11) yield* Effect.yieldNow
          yield* Fiber.interrupt(fiber)
        }).pipe(Effect.provide(runOf(root, {}, {})))
        const { manifest, parts } = (yield* newestGood(root, () => Effect.void))!
        assert.isAtLeast(manifest.progress.step, 11)
        const hash = yield* Effect.gen(function* () {
          yield* (yield* RunState).restore({ parts, counters: manifest.counters })
          yield* pretrain({ ...settings, from: manifest.progress })
          return yield* stateHash
        }).pipe(Effect.provide(runOf(root, {}, {})))
        assert.strictEqual(hash, whole)
      })
    )
  )

  it.effect("does an evaluation again in which it was interrupted", () =>
    inTemporary((root) =>
      Effect.gen(function* () {
        const evaluations = Effect.map(
          Effect.flatMap(RecordedEvents, ({ all }) => all),
          (all) => all.filter((event) => event.event === "evaluation")
        )
        const whole = yield* Effect.andThen(pretrain(settings), evaluations).pipe(
          Effect.provide(runOf(`${root}-whole`, {}, {}))
        )
        let numEvaluated = 0
        // Both baselines are evaluated; the encoder's first evaluation does not end.
        const stuck = evaluatedBy(
          (evaluate) => (embedding) => (numEvaluated++ < 2 ? evaluate(embedding) : Effect.never)
        )
        yield* Effect.gen(function* () {
          const fiber = yield* Effect.forkChild(stuck(pretrain(settings)))
          while (numEvaluated < 3) yield* Effect.yieldNow
          yield* Fiber.interrupt(fiber)
        }).pipe(Effect.provide(runOf(root, {}, {})))
        const { manifest, parts } = (yield* newestGood(root, () => Effect.void))!
        assert.deepInclude(manifest.progress, { step: 16, evaluatedAt: {} })
        const again = yield* Effect.gen(function* () {
          yield* (yield* RunState).restore({ parts, counters: manifest.counters })
          yield* pretrain({ ...settings, from: manifest.progress })
          return yield* evaluations
        }).pipe(Effect.provide(runOf(root, {}, {})))
        assert.deepStrictEqual(
          again.map(({ measurements, step }) => [step, measurements]),
          whole.slice(2).map(({ measurements, step }) => [step, measurements])
        )
      })
    )
  )

  it.effect("cannot be had, and the run says so, where the interrupted state cannot be saved", () =>
    Effect.gen(function* () {
      const seen = yield* RecordedEvents
      const fiber = yield* Effect.forkChild(pretrain(settings))
      while ((yield* seen.all).every(({ event }) => event !== "step")) yield* Effect.yieldNow
      yield* Fiber.interrupt(fiber)
      const exit = yield* Fiber.await(fiber)
      assert.isTrue(Exit.isFailure(exit))
      const errors = Exit.isFailure(exit) ? exit.cause.reasons.filter(Cause.isFailReason) : []
      assert.deepStrictEqual(
        errors.map(({ error }) => error._tag),
        ["CheckpointUnwritable"]
      )
      assert.deepInclude((yield* seen.all).at(-1), { event: "finished", outcome: "interrupted" })
    }).pipe(Effect.provide(Layer.provideMerge(runOf("/dev/null/nowhere", {}, {}), NodeServices.layer)))
  )
})
