import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { TensorLeak } from "@moco/core/testing"
import { DatasetUnreadable } from "@moco/data/Dataset"
import { ViewPairs } from "@moco/data/ViewPairs"
import { newestGood } from "@moco/train/Checkpoint/load"
import { pretrain } from "@moco/train/Pretrain"
import { pretrainStep } from "@moco/train/PretrainStep"
import { RunState } from "@moco/train/RunState"
import { Cause, Effect, Exit, Fiber, Layer } from "effect"
import { inTemporary, losses, runOf, settings, stateHash } from "./checkpointedRun.ts"
import { tinyRun } from "./tinyRun.ts"

/** The same batches, until at `step` something else happens. */
const at = (step: number, otherwise: ReturnType<ViewPairs["Service"]["batch"]>) =>
  Effect.updateService(ViewPairs, (pairs) => ({
    ...pairs,
    batch: (asked) => (asked === step ? otherwise : pairs.batch(asked))
  }))

const newest = (root: string) =>
  Effect.map(
    newestGood(root, () => Effect.void),
    (found) => found!
  )

const wholeRun = (root: string) =>
  Effect.gen(function* () {
    yield* pretrain(settings)
    return { hash: yield* stateHash, losses: yield* losses }
  }).pipe(Effect.provide(runOf(`${root}-whole`, {}, {})))

/** What becomes of a run from its newest checkpoint on. */
const goOn = Effect.fnUntraced(function* (root: string) {
  const { manifest, parts } = yield* newest(root)
  return yield* Effect.gen(function* () {
    yield* (yield* RunState).restore({ parts, counters: manifest.counters })
    yield* pretrain({ ...settings, from: manifest.progress })
    return { from: manifest.progress.step, hash: yield* stateHash, losses: yield* losses }
  }).pipe(Effect.provide(runOf(root, {}, {})))
})

describe("A run whose images", () => {
  it.effect(
    "cannot be read ends with the reason before the step, saved, and goes on to the bit once they can",
    () =>
      inTemporary((root) =>
        Effect.gen(function* () {
          const whole = yield* wholeRun(root)
          const failure = new DatasetUnreadable({ file: "a.png", hint: "mount it", cause: new Error("EIO") })
          const error = yield* Effect.flip(at(10, Effect.fail(failure))(pretrain(settings))).pipe(
            Effect.provide(runOf(root, {}, {}))
          )
          assert.strictEqual(error, failure)
          const rest = yield* goOn(root)
          assert.strictEqual(rest.from, 10)
          assert.strictEqual(rest.hash, whole.hash)
          assert.deepStrictEqual(rest.losses, whole.losses.slice(10))
        })
      )
  )

  it.effect("do not come can be stopped while it waits, and loses no step", () =>
    inTemporary((root) =>
      Effect.gen(function* () {
        const whole = yield* wholeRun(root)
        yield* Effect.gen(function* () {
          let isWaiting = false
          const waiting = Effect.andThen(
            Effect.sync(() => {
              isWaiting = true
            }),
            Effect.never
          )
          const fiber = yield* Effect.forkChild(at(10, waiting)(pretrain(settings)))
          while (!isWaiting) yield* Effect.yieldNow
          yield* Fiber.interrupt(fiber)
          const exit = yield* Fiber.await(fiber)
          assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
        }).pipe(Effect.provide(runOf(root, {}, {})))
        const rest = yield* goOn(root)
        assert.strictEqual(rest.from, 10)
        assert.strictEqual(rest.hash, whole.hash)
      })
    )
  )

  it.effect("have no labels takes the same steps as with them", () =>
    Effect.gen(function* () {
      const stepsOf = (labelled: boolean) =>
        TensorLeak.check(
          Effect.gen(function* () {
            const takeStep = yield* pretrainStep
            return [yield* takeStep(0), yield* takeStep(1), yield* takeStep(2)]
          }).pipe(Effect.provide(tinyRun({ labelled })), Effect.scoped)
        )
      assert.deepStrictEqual(yield* stepsOf(false), yield* stepsOf(true))
    }).pipe(Effect.provide(Layer.fresh(Backend.layerTensorflow({ threads: 2 }))))
  )
})
