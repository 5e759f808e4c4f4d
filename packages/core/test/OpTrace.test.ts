import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import * as OpTrace from "@moco/core/OpTrace"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Exit, type Scope } from "effect"

const tensorflow = Backend.layerTensorflow({ threads: 2 })
const methods = ["executeSingleOutput", "executeMultipleOutputs"] as const

/** The operations that `use` runs. */
const observed = (use: () => void) =>
  Effect.gen(function* () {
    const operations: Array<OpTrace.Operation> = []
    yield* Effect.scoped(
      Effect.andThen(
        OpTrace.observe((operation) => operations.push(operation)),
        Effect.sync(() => tf.tidy(use))
      )
    )
    return operations
  })

/** Whether the backend's methods are those of its class. */
const isUntouched = () => methods.every((method) => !Object.hasOwn(tf.backend(), method))

const live = <E>(title: string, test: Effect.Effect<void, E, Backend | Scope.Scope>) =>
  it.live(title, () => Effect.provide(test, tensorflow))

describe("OpTrace", () => {
  live(
    "shows every operation with its name, the shapes of its inputs and its time, in their order",
    Effect.gen(function* () {
      const before = process.hrtime.bigint()
      const [product, split, sum] = yield* observed(() => {
        const [left] = tf.split(tf.matMul(tf.ones([2, 3]), tf.ones([3, 4])), 2, 1)
        tf.add(left!, tf.scalar(1))
      })
      const after = process.hrtime.bigint()
      assert.deepInclude(product, {
        name: "BatchMatMulV2",
        inputs: [
          [2, 3],
          [3, 4]
        ]
      })
      // One that has several outputs.
      assert.deepInclude(split, { name: "SplitV" })
      assert.deepStrictEqual(split!.inputs[0], [2, 4])
      assert.deepInclude(sum, { name: "Add", inputs: [[2, 2], []] })
      const times = [product!, split!, sum!].flatMap(({ end, start }) => [start, end])
      assert.deepStrictEqual(
        [before, ...times, after],
        [before, ...times, after].toSorted((a, b) => Number(a - b))
      )
      assert.isAbove(Number(product!.end - product!.start), 0)
    })
  )

  live(
    "shows no operation that fails, and lets the failure through",
    Effect.gen(function* () {
      const message = "Matrix size-incompatible"
      const operations = yield* observed(() => {
        const fails = () =>
          (
            tf.backend() as unknown as Record<
              "executeSingleOutput",
              (...args: ReadonlyArray<unknown>) => void
            >
          ).executeSingleOutput("MatMul", [], [tf.ones([2, 3]), tf.ones([2, 3])])
        assert.throws(fails, message)
      })
      assert.deepStrictEqual(operations, [])
    })
  )

  live(
    "leaves the backend as it was, however its Scope closes",
    Effect.gen(function* () {
      for (const ending of [Exit.void, Exit.fail("failed"), Exit.interrupt()]) {
        let numSeen = 0
        const use = Effect.gen(function* () {
          yield* OpTrace.observe(() => numSeen++)
          assert.isFalse(isUntouched())
          tf.tidy(() => tf.neg(tf.ones([2])))
          yield* ending
        })
        assert.deepStrictEqual(yield* Effect.exit(Effect.scoped(use)), ending)
        assert.isTrue(isUntouched())
        tf.tidy(() => tf.neg(tf.ones([2])))
        assert.strictEqual(numSeen, 1)
      }
    })
  )

  live(
    "puts back what another had put in place of the backend's own methods",
    Effect.gen(function* () {
      const outer: Array<string> = []
      yield* OpTrace.observe(({ name }) => outer.push(name))
      const inner = yield* observed(() => tf.neg(tf.ones([2])))
      assert.deepStrictEqual(
        inner.map(({ name }) => name),
        ["Neg"]
      )
      tf.tidy(() => tf.exp(tf.ones([2])))
      assert.deepStrictEqual(outer, ["Neg", "Exp"])
    })
  )

  it.effect("shows nothing of tfjs's own kernels, and leaves them alone", () =>
    Effect.gen(function* () {
      const operations = yield* observed(() => tf.neg(tf.ones([2])))
      assert.deepStrictEqual(operations, [])
      assert.isTrue(isUntouched())
    }).pipe(Effect.provide(Backend.layerCpu))
  )
})
