import { assert, describe, it } from "@effect/vitest"
import * as Tensor from "@moco/core/Tensor"
import { pretrainStep, stepSpan } from "@moco/train/PretrainStep"
import { type EndedSpan, observeSpans } from "@moco/train/Spans"
import * as StageTimes from "@moco/train/StageTimes"
import { Effect, Exit, Layer } from "effect"
import { TestClock } from "effect/testing"
import { mechanisms } from "./mechanisms.ts"
import { backends, tinyRun } from "./tinyRun.ts"

/** A span of `name` that takes some milliseconds of the test's clock. */
const spanOf = (name: string, milliseconds: number) => Effect.withSpan(TestClock.adjust(milliseconds), name)

const runs = mechanisms.flatMap(([name, settings]) =>
  // One mechanism is enough for the JavaScript kernels.
  backends
    .filter((backend) => backend.name === "tensorflow" || name === mechanisms[0]![0])
    .map((backend) => ({
      name: `${name} on ${backend.name}`,
      layer: Layer.provideMerge(tinyRun(settings), backend.layer)
    }))
)

describe("observeSpans", () => {
  it.effect("tells the name, the attributes and the times of every span, the inner ones first", () =>
    Effect.gen(function* () {
      const told: Array<string | EndedSpan> = []
      yield* Effect.withSpan(Effect.andThen(TestClock.adjust(2), spanOf("inner", 3)), "outer", {
        attributes: { step: 7 }
      }).pipe(observeSpans({ begun: (name) => told.push(name), ended: (span) => told.push(span) }))
      const attributes = new Map<string, unknown>()
      assert.deepStrictEqual(told, [
        "outer",
        "inner",
        { name: "inner", attributes, start: 2_000_000n, end: 5_000_000n },
        { name: "outer", attributes: new Map([["step", 7]]), start: 0n, end: 5_000_000n }
      ])
    })
  )

  it.effect("tells a span that ends with a failure, which goes through", () =>
    Effect.gen(function* () {
      const names: Array<string> = []
      const operation = Tensor.run("Queue.enqueue", () => {
        throw new Error("no")
      })
      const exit = yield* Effect.exit(observeSpans({ ended: ({ name }) => names.push(name) })(operation))
      assert.isTrue(Exit.isFailure(exit))
      assert.deepStrictEqual(names, ["Queue.enqueue"])
    })
  )
})

describe("StageTimes", () => {
  it.effect("gives every stage the time of its operations, and what is left to the rest", () =>
    Effect.gen(function* () {
      const { observer, steps } = StageTimes.collect()
      const step = Effect.all([
        spanOf("ViewPairs.batch", 2),
        spanOf("Dictionary.prepare", 3),
        TestClock.adjust(5),
        spanOf("Diagnostics.measure", 7),
        spanOf("Dictionary.encoderDistance", 11),
        spanOf("NextState.requireFinite", 17),
        spanOf("Some.other", 13)
      ]).pipe(Effect.withSpan(stepSpan))
      yield* Effect.all([step, spanOf("Dictionary.prepare", 100), step]).pipe(observeSpans(observer))
      const stages = { views: 2, keys: 3, gradient: 0, optimizer: 0, diagnostics: 18, settle: 0, check: 17 }
      const expected = { step: 58, stages, rest: 18 }
      assert.deepStrictEqual(steps, [expected, expected])
    })
  )

  for (const { layer, name } of runs) {
    it.live(`finds every stage of a real step with ${name}`, () =>
      Effect.gen(function* () {
        const { observer, steps } = StageTimes.collect()
        const takeStep = yield* pretrainStep
        yield* Effect.forEach([0, 1], (step) => takeStep(step)).pipe(observeSpans(observer))
        assert.strictEqual(steps.length, 2)
        for (const { rest, stages, step } of steps) {
          for (const stage of StageTimes.stages) assert.isAbove(stages[stage], 0, stage)
          assert.isAbove(rest, 0)
          const sum = StageTimes.stages.reduce((total, stage) => total + stages[stage], rest)
          assert.closeTo(sum, step, 1e-6)
        }
      }).pipe(Effect.provide(layer))
    )
  }
})
