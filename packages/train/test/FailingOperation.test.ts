import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { pretrainStep } from "@moco/train/PretrainStep"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import { mechanisms } from "./mechanisms.ts"
import { stateOf } from "./stateOf.ts"
import { tinyRun } from "./tinyRun.ts"

/** TensorFlow's operations, of which the one after `numOperations` more finds no memory. */
const failAfter = (numOperations: number) => {
  const backend = tf.backend() as unknown as Record<string, (...args: ReadonlyArray<unknown>) => unknown>
  const methods = ["executeSingleOutput", "executeMultipleOutputs"]
  let numRun = 0
  for (const method of methods) {
    const real = backend[method]!.bind(backend)
    backend[method] = (...args) => {
      if (numRun++ === numOperations) throw new Error("OOM when allocating tensor")
      return real(...args)
    }
  }
  /** Puts the operations back; gives how many were run. */
  return Effect.sync(() => {
    for (const method of methods) delete backend[method]
    return numRun
  })
}

const points = 100

describe("an operation that fails", () => {
  // Of TensorFlow alone, and with the project's own among them.
  const runs = mechanisms.flatMap(([name, tiny]) =>
    [4, 16].map((width) => [name, { ...tiny, width }] as const)
  )
  for (const [name, tiny] of runs) {
    it.effect(
      `at any of ${points} points of a step leaves state and tensors as they were, with ${name} and width ${tiny.width}`,
      () =>
        Effect.gen(function* () {
          const takeStep = yield* pretrainStep
          yield* takeStep(0)
          const restore = failAfter(Number.POSITIVE_INFINITY)
          yield* takeStep(1)
          const numOperations = yield* restore
          assert.isAbove(numOperations, points)
          const before = yield* stateOf
          const { numTensors } = tf.memory()
          for (let point = 0; point < points; point++) {
            const restore = failAfter(Math.floor((point * numOperations) / points))
            const error = yield* Effect.flip(takeStep(2)).pipe(Effect.ensuring(restore))
            assert.strictEqual(error._tag, "TensorError")
            assert.include(error.message, "OOM when allocating tensor")
            assert.strictEqual(tf.memory().numTensors, numTensors, `tensors after point ${point}`)
          }
          assert.deepStrictEqual(yield* stateOf, before)
          yield* takeStep(2)
        }).pipe(Effect.provide(Layer.provideMerge(tinyRun(tiny), Backend.layerTensorflow({ threads: 2 }))))
    )
  }
})
