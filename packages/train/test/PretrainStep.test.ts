import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { Collective, oneProcess, type Processes } from "@moco/core/Collective"
import { Dictionary } from "@moco/core/Dictionary"
import { KeyEncoder, QueryEncoder } from "@moco/core/Encoder"
import { Diagnostics } from "@moco/train/Diagnostics"
import { pretrainStep } from "@moco/train/PretrainStep"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Exit, Layer } from "effect"
import { stateOf, valuesOf } from "./stateOf.ts"
import { type TinySettings, tinyRun } from "./tinyRun.ts"

const tensorflow = Backend.layerTensorflow({ threads: 2 })
const run = (settings: TinySettings = {}) => Layer.provideMerge(tinyRun(settings), tensorflow)

const losses = (numSteps: number) =>
  Effect.gen(function* () {
    const takeStep = yield* pretrainStep
    return yield* Effect.forEach(
      Array.from({ length: numSteps }, (_, step) => step),
      (step) => Effect.map(takeStep(step), ({ metrics }) => metrics.loss)
    )
  })

describe("PretrainStep", () => {
  it.effect("holds as many tensors after step n + 1 as after step n", () =>
    Effect.gen(function* () {
      const takeStep = yield* pretrainStep
      yield* takeStep(0)
      const { numTensors } = tf.memory()
      yield* takeStep(1)
      yield* takeStep(2)
      assert.strictEqual(tf.memory().numTensors, numTensors)
    }).pipe(Effect.provide(run()))
  )

  it.effect("holds as many tensors after step n + 1 as after step n with a symmetric loss", () =>
    Effect.gen(function* () {
      const takeStep = yield* pretrainStep
      yield* takeStep(0)
      const { numTensors } = tf.memory()
      yield* takeStep(1)
      assert.strictEqual(tf.memory().numTensors, numTensors)
    }).pipe(Effect.provide(run({ symmetric: true })))
  )

  it.effect("releases every tensor when the run ends", () =>
    Effect.gen(function* () {
      yield* Backend
      const { numTensors } = tf.memory()
      yield* losses(2).pipe(Effect.provide(tinyRun()))
      assert.strictEqual(tf.memory().numTensors, numTensors)
    }).pipe(Effect.provide(tensorflow))
  )

  it.effect("takes the same steps to the bit from the same seed", () =>
    Effect.gen(function* () {
      const first = yield* Effect.provide(Effect.andThen(losses(5), stateOf), run())
      const second = yield* Effect.provide(Effect.andThen(losses(5), stateOf), run())
      assert.deepStrictEqual(first, second)
    })
  )

  it.effect("gives keys no gradient: a key encoder with m = 1 never moves", () =>
    Effect.gen(function* () {
      const before = yield* stateOf
      yield* losses(3)
      const after = yield* stateOf
      assert.deepStrictEqual(after.keyParameters, before.keyParameters)
      assert.notDeepEqual(after.query, before.query)
      assert.notDeepEqual(after.keyStatistics, before.keyStatistics)
    }).pipe(Effect.provide(run({ m: 1 })))
  )

  it.effect("moves the key encoder to the query encoder of the step before when m = 0", () =>
    Effect.gen(function* () {
      const takeStep = yield* pretrainStep
      yield* takeStep(0)
      const query = valuesOf((yield* QueryEncoder).parameters.get())
      yield* takeStep(1)
      assert.deepStrictEqual(valuesOf((yield* KeyEncoder).parameters.get()), query)
    }).pipe(Effect.provide(run({ m: 0 })))
  )

  it.effect("writes 8 keys a step, 16 with a symmetric loss", () =>
    Effect.gen(function* () {
      const filled = (settings: TinySettings) =>
        Effect.gen(function* () {
          yield* losses(1)
          return (yield* Dictionary).snapshot().counters
        }).pipe(Effect.provide(run(settings)))
      assert.deepStrictEqual(yield* filled({}), { pointer: 8, filled: 8 })
      assert.deepStrictEqual(yield* filled({ symmetric: true }), { pointer: 16, filled: 16 })
    })
  )

  it.effect("releases what a failing step had made and leaves the state whole", () =>
    Effect.gen(function* () {
      const takeStep = yield* pretrainStep
      const before = yield* stateOf
      const { numTensors } = tf.memory()
      const exit = yield* Effect.exit(takeStep(0))
      assert.isTrue(Exit.isFailure(exit))
      assert.strictEqual(tf.memory().numTensors, numTensors)
      assert.deepStrictEqual(yield* stateOf, before)
    }).pipe(
      Effect.provide(
        Layer.effect(
          Diagnostics,
          Effect.succeed(Diagnostics.of({ measure: () => Effect.die(new Error("looked away")) }))
        ).pipe(Layer.provideMerge(run()))
      )
    )
  )

  it.effect("repeats the golden losses of 20 steps", () =>
    Effect.gen(function* () {
      const golden: ReadonlyArray<number> = JSON.parse(
        readFileSync(new URL("golden/losses.json", import.meta.url), "utf8")
      )
      const actual = yield* losses(golden.length)
      // The two backends here agree to 1e-6; other processors differ in the last bits, which 20 steps amplify.
      actual.forEach((loss, step) => {
        assert.closeTo(loss, golden[step]!, 1e-4, `step ${step}`)
      })
    }).pipe(Effect.provide(run({ learningRate: 0.01 })))
  )

  it.effect("repeats the golden losses without a native library", () =>
    Effect.gen(function* () {
      const golden: ReadonlyArray<number> = JSON.parse(
        readFileSync(new URL("golden/losses.json", import.meta.url), "utf8")
      )
      const actual = yield* losses(6)
      actual.forEach((loss, step) => {
        assert.closeTo(loss, golden[step]!, 1e-4, `step ${step}`)
      })
    }).pipe(Effect.provide(Layer.provideMerge(tinyRun({ learningRate: 0.01 }), Backend.layerCpu)))
  )
})

describe("PretrainStep among several processes", () => {
  /** Two processes, of which this is the first; the other one has taken the same gradients, and keys turned round. */
  const two: Processes = {
    rank: 0,
    size: 2,
    allReduceMean: (gradients) =>
      Object.fromEntries(Object.entries(gradients).map(([name, own]) => [name, tf.mul(own, 0.5)])),
    allGather: (row_ND) => tf.concat2d([row_ND, tf.neg(row_ND)], 0),
    total: (count) => 2 * count
  }
  const after = (processes: Processes) =>
    Effect.gen(function* () {
      const takeStep = yield* pretrainStep
      yield* takeStep(0)
      const { counters } = (yield* Dictionary).snapshot()
      return { filled: counters["filled"]!, ...(yield* stateOf) }
    }).pipe(Effect.provide(Layer.provideMerge(run(), Layer.succeed(Collective, processes))))

  it.effect("moves by their mean gradient and enqueues the keys of all of them", () =>
    Effect.gen(function* () {
      const [alone, together] = [yield* after(oneProcess), yield* after(two)]
      assert.strictEqual(together.filled, 2 * alone.filled)
      assert.notDeepEqual(together.query, alone.query)
      assert.notDeepEqual(together.dictionary, alone.dictionary)
    })
  )
})
