import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import * as MemoryBank from "@moco/core/Dictionary/MemoryBank"
import { TensorLeak } from "@moco/core/testing"
import { pretrainStep } from "@moco/train/PretrainStep"
import { type CapturedState, RunState } from "@moco/train/RunState"
import { Effect, Layer } from "effect"
import { stateOf } from "./stateOf.ts"
import { type TinySettings, tinyRun } from "./tinyRun.ts"

const bank = MemoryBank.layer({ size: 30, numImages: 64, entryMomentum: 0.5, redrawOwn: true, seed: 1 })

const run = (settings: TinySettings) =>
  RunState.layer.pipe(
    Layer.provideMerge(tinyRun(settings)),
    Layer.provideMerge(Backend.layerTensorflow({ threads: 2 }))
  )

const withNce = run({ dictionary: bank, nce: true })
const withInfoNce = run({ dictionary: bank })

/** The state after `numSteps` steps. */
const capturedAfter = (numSteps: number) =>
  Effect.gen(function* () {
    const takeStep = yield* pretrainStep
    for (let step = 0; step < numSteps; step++) yield* takeStep(step)
    return yield* (yield* RunState).capture
  })

/** As a checkpoint has it that was written before the loss had a state. */
const withoutLoss = ({ counters, parts }: CapturedState): CapturedState => ({
  parts,
  counters: Object.fromEntries(Object.entries(counters).filter(([name]) => !name.startsWith("loss.")))
})

/** A state that a fresh run refuses, and is not changed by. */
const refused = (state: CapturedState) =>
  Effect.gen(function* () {
    const before = yield* stateOf
    const { restore } = yield* RunState
    const error = yield* TensorLeak.check(Effect.flip(restore(state)))
    assert.deepStrictEqual(yield* stateOf, before)
    assert.strictEqual(error._tag, "SnapshotMismatch")
    return error.message
  })

describe("RunState", () => {
  it.effect("has the loss's state among its counters, where the loss has one", () =>
    Effect.gen(function* () {
      const nce = yield* Effect.provide(capturedAfter(9), withNce)
      assert.deepStrictEqual(Object.keys(nce.counters), [
        "numSeen",
        ...["loss.logRandom", "loss.logNormalizer", "loss.isKept"]
      ])
      assert.deepInclude(nce.counters, { numSeen: 64, "loss.isKept": 1 })
      const infoNce = yield* Effect.provide(capturedAfter(9), withInfoNce)
      assert.deepStrictEqual(infoNce.counters, { numSeen: 64 })
    })
  )

  it.effect("takes back the state before the first step, and then the first steps are the same", () =>
    Effect.gen(function* () {
      const { capture, restore } = yield* RunState
      const begin = yield* capture
      const nine = yield* capturedAfter(9)
      yield* restore(begin)
      assert.deepStrictEqual((yield* capture).counters, begin.counters)
      assert.deepStrictEqual((yield* capturedAfter(9)).counters, nine.counters)
    }).pipe(Effect.provide(withNce))
  )

  it.effect("is not begun anew where the loss's state is missing", () =>
    Effect.gen(function* () {
      const old = withoutLoss(yield* Effect.provide(capturedAfter(9), withNce))
      const message = yield* Effect.provide(refused(old), withNce)
      assert.include(message, "ContrastiveLoss.restore: the snapshot does not fit: logNormalizer is missing")
    })
  )

  for (const [name, value, says] of [
    ["loss.logNormalizer", Number.NaN, "logNormalizer is NaN"],
    ["loss.logNormalizer", 1e9, "logNormalizer is 1000000000"],
    ["loss.isKept", 2, "isKept is 2 and should be 0 or 1"],
    ["loss.momentum", 2, "momentum has no place"]
  ] as const)
    it.effect(`refuses ${name} = ${value}`, () =>
      Effect.gen(function* () {
        const { counters, parts } = yield* Effect.provide(capturedAfter(1), withNce)
        const message = yield* Effect.provide(
          refused({ parts, counters: { ...counters, [name]: value } }),
          withNce
        )
        assert.include(message, says)
      })
    )

  it.effect("refuses another loss's state", () =>
    Effect.gen(function* () {
      const nce = yield* Effect.provide(capturedAfter(1), withNce)
      assert.include(yield* Effect.provide(refused(nce), withInfoNce), "logRandom has no place")
    })
  )
})
