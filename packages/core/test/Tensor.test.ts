import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import * as Tensor from "@moco/core/Tensor"
import { TensorLeak } from "@moco/core/testing"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"

const one = () => tf.scalar(1)

const test = <E>(title: string, effect: Effect.Effect<void, E, Backend>) =>
  it.effect(title, () => Effect.provide(effect, Backend.layerCpu))

describe("Tensor", () => {
  test(
    "scoped: keeps only the result, and releases it however the scope ends",
    Effect.gen(function* () {
      yield* Backend
      const use = Effect.gen(function* () {
        const { numTensors } = tf.memory()
        const sum = yield* Tensor.scoped("sum", () => tf.add(one(), one()))
        assert.strictEqual(tf.memory().numTensors, numTensors + 1)
        assert.strictEqual(sum.dataSync()[0], 2)
      })
      yield* TensorLeak.checkEveryExit(use)
    })
  )

  test(
    "run: turns what an operation throws into a TensorError that names the operation, and releases the rest",
    Effect.gen(function* () {
      yield* Backend
      const { numTensors } = tf.memory()
      const error = yield* Effect.flip(
        Tensor.run("Queue.enqueue", () => tf.add(tf.zeros([2]), tf.zeros([3])))
      )
      assert.strictEqual(error._tag, "TensorError")
      assert.include(error.message, "Queue.enqueue failed")
      assert.strictEqual(tf.memory().numTensors, numTensors)
    })
  )

  test(
    "run: gives back bytes without a look at each, and keeps the tensors beside them, however deep",
    Effect.gen(function* () {
      yield* Backend
      const { numTensors } = tf.memory()
      // A look at each would take minutes, and this test its time limit.
      const result = yield* Tensor.run("bytes", () => {
        const tensors = [{ one: one() }]
        const isCyclic: { self?: unknown } = {}
        isCyclic.self = isCyclic
        return {
          bytes: new Uint8Array(200_000_000),
          tensors,
          sum: tf.add(one(), one()).dataSync()[0],
          isCyclic
        }
      })
      assert.strictEqual(result.bytes.length, 200_000_000)
      assert.strictEqual(result.sum, 2)
      assert.strictEqual(tf.memory().numTensors, numTensors + 1)
      assert.strictEqual(result.tensors[0]!.one.dataSync()[0], 1)
      tf.dispose(result.tensors)
    })
  )

  test(
    "cell: frees what is replaced, keeps what stays, and releases the last with the scope",
    Effect.gen(function* () {
      yield* Backend
      const use = Effect.gen(function* () {
        const cell = yield* Tensor.cell("cell", () => ({ a: one(), b: one() }))
        const { a, b } = cell.get()
        cell.replace({ a: a!, b: tf.scalar(2) })
        assert.isFalse(a!.isDisposed)
        assert.isTrue(b!.isDisposed)
        assert.strictEqual(cell.get()["b"]!.dataSync()[0], 2)
      })
      yield* TensorLeak.checkEveryExit(use)
    })
  )

  test(
    "lease: releases what was kept, inside a tidy or as a result, however the scope ends",
    Effect.gen(function* () {
      yield* Backend
      const use = Effect.gen(function* () {
        const lease = yield* Tensor.lease
        let kept: tf.Tensor | undefined
        const result = yield* lease.run("step", () => {
          kept = lease.keep(one())
          return { result: tf.add(kept, one()) }
        })
        assert.isFalse(kept!.isDisposed)
        assert.isFalse(result.result.isDisposed)
      })
      yield* TensorLeak.checkEveryExit(use)
    })
  )

  test(
    "lease: leaves what was handed over to its new owner",
    Effect.gen(function* () {
      yield* Backend
      const use = Effect.gen(function* () {
        const cell = yield* Tensor.cell("cell", () => ({ a: one() }))
        yield* Effect.scoped(
          Effect.gen(function* () {
            const lease = yield* Tensor.lease
            cell.replace(lease.handOver({ a: lease.keep(tf.scalar(5)) }))
          })
        )
        assert.strictEqual(cell.get()["a"]!.dataSync()[0], 5)
      })
      yield* TensorLeak.checkEveryExit(use)
    })
  )

  test(
    "copiesLike: gives copies in the order of what they replace, and of nothing else",
    Effect.gen(function* () {
      yield* Backend
      const current = { a: one(), b: one() }
      const snapshot = { b: tf.scalar(2), a: tf.scalar(1) }
      const copies = yield* Tensor.copiesLike("test", current, snapshot)
      // Sums over all tensors depend on it in their last bits.
      assert.deepStrictEqual(Object.keys(copies), ["a", "b"])
      tf.dispose([...Object.values(current), ...Object.values(snapshot)])
      assert.deepStrictEqual(
        Object.values(copies).map((tensor) => tensor.dataSync()[0]),
        [1, 2]
      )
      tf.dispose(Object.values(copies))
    })
  )

  test(
    "clone: gives handles that outlive the originals",
    Effect.gen(function* () {
      yield* Backend
      const original = { a: tf.scalar(3) }
      const copy = Tensor.clone(original)
      original.a.dispose()
      assert.strictEqual(copy["a"]!.dataSync()[0], 3)
      tf.dispose(Object.values(copy))
    })
  )
})
