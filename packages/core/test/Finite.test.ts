import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { firstNonFinite, nonFinite, requireFinite } from "@moco/core/Finite"
import { TensorLeak } from "@moco/core/testing"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import fc from "fast-check"
import { onEitherOps } from "./kernels/ops.ts"

const largest = 3.4028234663852886e38
const smallest = 1.401298464324817e-45

/** Numbers, however large and small: the sum of a few overflows. */
const number = fc.oneof(
  fc.double({ min: -10, max: 10, noNaN: true }),
  fc.constantFrom(largest, -largest, smallest, -smallest, 0, -0, 1e20)
)
/** Sizes around those of vectors, and of what one thread takes at once. */
const size = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 70 }) },
  { weight: 1, arbitrary: fc.integer({ min: 16_380, max: 33_000 }) }
)
const tensorOf = (values: ReadonlyArray<number>, length: number) =>
  tf.tensor1d(Float32Array.from({ length }, (_, i) => values[i % values.length]!))
const tensor = fc.record({ length: size, values: fc.array(number, { minLength: 1, maxLength: 20 }) })
const bad = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY)
const tensors = fc.array(tensor, { minLength: 1, maxLength: 5 })

onEitherOps("Finite", (onTensorflow) => {
  const always = <T>(arbitrary: fc.Arbitrary<T>, law: (value: T) => void) =>
    onTensorflow(() =>
      fc.assert(
        fc.property(arbitrary, (value) => {
          const { numTensors } = tf.memory()
          tf.tidy(() => law(value))
          assert.strictEqual(tf.memory().numTensors, numTensors)
        })
      )
    )

  it.effect("never takes a number for none: the largest, the smallest and sums that overflow included", () =>
    always(tensors, (all) => {
      const named = all.map(({ length, values }, i) => [`t${i}`, tensorOf(values, length)])
      assert.deepStrictEqual(nonFinite(Object.fromEntries(named)), [])
    })
  )

  it.effect("always names the one tensor that holds what is no number, wherever it stands in it", () =>
    always(fc.tuple(tensors, fc.nat(), fc.nat(), bad), ([all, which, where, value]) => {
      const index = which % all.length
      const named = all.map(({ length, values }, i) => {
        if (i !== index) return [`t${i}`, tensorOf(values, length)]
        const numbers = tensorOf(values, length + 1).dataSync()
        numbers[where % (length + 1)] = value
        return [`t${i}`, tf.tensor1d(Float32Array.from(numbers))]
      })
      const found: Record<string, tf.Tensor> = Object.fromEntries(named)
      assert.deepStrictEqual(nonFinite(found), [`t${index}`])
      assert.isTrue(Object.is(firstNonFinite(found[`t${index}`]!), value))
    })
  )

  it.effect("names all of them in their order, of any rank, and leaves integers alone", () =>
    onTensorflow(() =>
      tf.tidy(() => {
        const named = {
          b: tf.fill([2, 3, 4, 5], Number.NaN),
          counts: tf.tensor1d([1, 2], "int32"),
          a: tf.scalar(Number.POSITIVE_INFINITY),
          none: tf.zeros([0, 3]),
          good: tf.ones([3, 2])
        }
        assert.deepStrictEqual(nonFinite(named), ["b", "a"])
        assert.deepStrictEqual(nonFinite({ good: named.good, counts: named.counts }), [])
        assert.deepStrictEqual(nonFinite({}), [])
      })
    )
  )

  it.effect("sees an infinity that another one takes back in a sum", () =>
    onTensorflow(() =>
      tf.tidy(() => {
        const [up, down] = [tf.scalar(Number.POSITIVE_INFINITY), tf.scalar(Number.NEGATIVE_INFINITY)]
        assert.deepStrictEqual(nonFinite({ up, down }), ["up", "down"])
      })
    )
  )
})

describe("requireFinite", () => {
  const wanted = { subject: "the state to be saved", hint: "do this" }

  it.effect("fails with what it is, where, which number and what to do", () =>
    Effect.gen(function* () {
      yield* Backend
      const good = yield* Effect.acquireRelease(
        Effect.sync(() => tf.ones([3])),
        (made) => Effect.sync(() => made.dispose())
      )
      const bad = yield* Effect.acquireRelease(
        Effect.sync(() => tf.tensor1d([1, Number.NEGATIVE_INFINITY])),
        (made) => Effect.sync(() => made.dispose())
      )
      yield* TensorLeak.check(requireFinite({ good }, wanted))
      const error = yield* Effect.flip(TensorLeak.check(requireFinite({ good, bad, worse: bad }, wanted)))
      assert.strictEqual(
        error.message,
        "the state to be saved is not finite: -Infinity at bad and 1 more\n  do this"
      )
    }).pipe(Effect.scoped, Effect.provide(Backend.layerCpu))
  )
})
