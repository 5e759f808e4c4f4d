// biome-ignore-all lint/correctness/noUndeclaredDependencies: for tests only, whose tools belong to the root
import { assert, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, type Layer } from "effect"
import { Backend } from "../../Backend.ts"
import type { Direction } from "../../ContrastiveLoss.ts"
import * as CounterRandom from "../../CounterRandom.ts"
import { Dictionary } from "../../Dictionary.ts"
import { type KeyEncoder, QueryEncoder } from "../../Encoder.ts"
import * as Tensor from "../../Tensor.ts"
import { assertClose } from "../assertClose.ts"
import * as TensorLeak from "../TensorLeak.ts"

/** A dictionary with the encoders it stands between. */
export type DictionaryLayer<E> = Layer.Layer<Dictionary | QueryEncoder | KeyEncoder, E, Backend>

const batchSize = 3

/** Random views of `size` pixels, another batch at every step; they belong to the lease. */
const directionsAt = (step: number, size: number, lease: Tensor.Lease): ReadonlyArray<Direction> => {
  const random = CounterRandom.make(step, CounterRandom.Purpose.synthetic)
  const view = () =>
    lease.keep(tf.tensor4d(CounterRandom.normals(random, batchSize * size), [batchSize, 1, size, 1]))
  return [{ query_NHWC: view(), key_NHWC: view() }]
}

/** One step of a trainer that learns nothing, with or without its commit. */
const step = (index: number, size: number, commit: boolean) =>
  Effect.gen(function* () {
    const dictionary = yield* Dictionary
    const query = yield* QueryEncoder
    const lease = yield* Tensor.lease
    return yield* Tensor.run("law", () => {
      const directions = directionsAt(index, size, lease)
      const prepared = dictionary.prepare(directions, index, lease)
      const weights = { parameters: query.parameters.get(), statistics: query.statistics.get() }
      const { feature_ND } = query.network.train(weights, directions[0]!.query_NHWC, lease.keep)
      const { negative_NK, positive_N1 } = prepared.similarities(feature_ND, 0)
      const read = {
        positives: Array.from(positive_N1.dataSync()),
        negatives: Array.from(negative_NK.dataSync()),
        shape: negative_NK.shape
      }
      if (commit) prepared.commit()
      return read
    })
  }).pipe(Effect.scoped)

const stateOf = Effect.map(Dictionary, ({ snapshot }) => {
  const { counters, tensors } = snapshot()
  const values = Object.entries(tensors).map(([name, tensor]) => [name, String(tensor.dataSync())])
  return JSON.stringify({ counters, values })
})

const readAll =
  ({ snapshot }: Dictionary["Service"]) =>
  () => {
    const { counters, tensors } = snapshot()
    return { counters, values: Object.values(tensors).flatMap((tensor) => Array.from(tensor.dataSync())) }
  }

/**
 * What every mechanism has in common; a variant joins by one line.
 *
 * @param size  pixels of a view, as the variant's encoders expect them
 */
export const dictionaryLaws = <E>(variant: DictionaryLayer<E>, size: number) => {
  const law = <E2>(title: string, test: Effect.Effect<void, E2, Dictionary | QueryEncoder | KeyEncoder>) =>
    it.effect(title, () =>
      test.pipe(Effect.provide(variant), Effect.provide(Backend.layerTensorflow({ threads: 2 })))
    )

  law(
    "gives cosines: one positive and numNegatives negatives for each query",
    Effect.gen(function* () {
      const { numNegatives } = yield* Dictionary
      const { negatives, positives, shape } = yield* step(0, size, false)
      assert.deepStrictEqual(shape, [batchSize, numNegatives])
      assert.strictEqual(positives.length, batchSize)
      // Masked entries are -infinity; a product of unit rows rounds to at most 1 + 1e-6.
      for (const cosine of [...positives, ...negatives]) assert.isAtMost(cosine, 1 + 1e-6)
    })
  )

  law(
    "changes nothing without a commit, and releases all that was prepared",
    Effect.gen(function* () {
      yield* step(0, size, true)
      const before = yield* stateOf
      yield* TensorLeak.check(step(1, size, false))
      assert.strictEqual(yield* stateOf, before)
    })
  )

  law(
    "holds as many tensors after a commit as before it",
    Effect.gen(function* () {
      yield* step(0, size, true)
      yield* TensorLeak.check(step(1, size, true))
    })
  )

  law(
    "always continues from a snapshot as if nothing had happened",
    Effect.gen(function* () {
      const dictionary = yield* Dictionary
      yield* step(0, size, true)
      yield* step(1, size, true)
      const taken = dictionary.snapshot()
      const copy = yield* Tensor.scoped("law", () => ({ ...Tensor.clone(taken.tensors) }))
      const { counters } = taken
      const after = Effect.andThen(step(2, size, true), Effect.sync(readAll(dictionary)))
      const first = yield* after
      yield* dictionary.restore({ tensors: copy, counters })
      const second = yield* after
      assert.deepStrictEqual(second.counters, first.counters)
      // Both encoders are equal and stay so but for the rounding of their moving average.
      assertClose(second.values, first.values, 1e-5)
      for (const tensor of Object.values(copy)) assert.isFalse(tensor.isDisposed)
    }).pipe(Effect.scoped)
  )

  law(
    "is never fuller than full",
    Effect.gen(function* () {
      const { fill } = yield* Dictionary
      for (let index = 0; index < 6; index++) {
        assert.isTrue(fill() >= 0 && fill() <= 1)
        yield* step(index, size, true)
      }
      assert.isAbove(fill(), 0)
    })
  )
}
