// biome-ignore-all lint/correctness/noUndeclaredDependencies: for tests only, whose tools belong to the root
import { assert, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, type Layer } from "effect"
import fc from "fast-check"
import { Backend } from "../../Backend.ts"
import { MomentumUpdate } from "../../MomentumUpdate.ts"
import type { NamedTensors } from "../../Tensor.ts"
import { assertClose } from "../assertClose.ts"
import * as Property from "../Property.ts"

/** A way for the key encoder to follow. */
export interface MomentumUpdateVariant {
  readonly name: string
  readonly layer: Layer.Layer<MomentumUpdate>
}

const number = fc.float({ min: -1e3, max: 1e3, noNaN: true })

/** Key and query parameters of equal shape. */
const encoders = fc.array(fc.tuple(number, number), { minLength: 1, maxLength: 8 }).map((pairs) => ({
  key: pairs.map(([key]) => key),
  query: pairs.map(([, query]) => query)
}))

const toTensors = (values: ReadonlyArray<number>): NamedTensors => ({
  vector: tf.tensor1d([...values]),
  matrix: tf.tensor2d([...values], [values.length, 1])
})

/** What every {@link MomentumUpdate} has to obey. */
export const momentumUpdateLaws = ({ layer: variant, name }: MomentumUpdateVariant): void =>
  layer(Backend.layerTensorflow({ threads: 2 }))(`MomentumUpdate, ${name}`, (it) => {
    it.effect("always gives parameters between the two encoders', and leaves both as they were", () =>
      Property.check(encoders, ({ key, query }) =>
        Effect.gen(function* () {
          const { next } = yield* MomentumUpdate
          tf.tidy(() => {
            const key_P = toTensors(key)
            const query_P = toTensors(query)
            for (const tensor of Object.values(next(key_P, query_P))) {
              tensor.dataSync().forEach((value, index) => {
                const [a, b] = [key[index]!, query[index]!]
                // float32 rounds each of two products and their sum: 3 units of 6e-8.
                const rounding = 2e-7 * Math.max(Math.abs(a), Math.abs(b))
                assert.isAtLeast(value, Math.min(a, b) - rounding)
                assert.isAtMost(value, Math.max(a, b) + rounding)
              })
            }
            assertClose(key_P["vector"]!.dataSync(), key, 0)
            assertClose(query_P["vector"]!.dataSync(), query, 0)
          })
        }).pipe(Effect.provide(variant))
      )
    )

    it.effect("always gives new tensors of the key's names and shapes, and allocates nothing else", () =>
      Property.check(encoders, ({ key, query }) =>
        Effect.gen(function* () {
          const { next } = yield* MomentumUpdate
          const key_P = toTensors(key)
          const query_P = toTensors(query)
          const before = tf.memory().numTensors
          const result = next(key_P, query_P)
          assert.strictEqual(tf.memory().numTensors, before + 2)
          assert.deepStrictEqual(Object.keys(result), Object.keys(key_P))
          for (const [parameter, tensor] of Object.entries(result)) {
            assert.deepStrictEqual(tensor.shape, key_P[parameter]!.shape)
            assert.notStrictEqual(tensor.dataId, key_P[parameter]!.dataId)
            assert.notStrictEqual(tensor.dataId, query_P[parameter]!.dataId)
          }
          tf.dispose([key_P, query_P, result])
        }).pipe(Effect.provide(variant))
      )
    )
  })
