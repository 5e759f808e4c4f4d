// biome-ignore-all lint/correctness/noUndeclaredDependencies: for tests only, whose tools belong to the root
import { assert, layer } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Context, Effect, Layer, type Scope } from "effect"
import fc from "fast-check"
import { Backend } from "../../Backend.ts"
import type { Direction } from "../../ContrastiveLoss.ts"
import { Dictionary, type PreparedStep } from "../../Dictionary.ts"
import { KeyEncoder, QueryEncoder } from "../../Encoder.ts"
import { KeyShuffle } from "../../KeyShuffle.ts"
import { MomentumUpdate } from "../../MomentumUpdate.ts"
import * as Tensor from "../../Tensor.ts"
import { assertClose } from "../assertClose.ts"
import * as LinearNetwork from "../LinearNetwork.ts"
import * as Property from "../Property.ts"
import * as TensorLeak from "../TensorLeak.ts"

/** What the mechanisms of a dictionary may need. */
export type DictionaryNeeds = QueryEncoder | KeyEncoder | MomentumUpdate | KeyShuffle

/** A mechanism; `layer` takes a seed. */
export interface DictionaryVariant {
  readonly name: string
  readonly layer: (seed: number) => Layer.Layer<Dictionary, Tensor.TensorError, DictionaryNeeds>
}

/** Encoders for tests of a dictionary: linear, momentum 0.9, keys shuffled. */
export const needs = (
  network = LinearNetwork.linear(4, 3)
): Layer.Layer<DictionaryNeeds, Tensor.TensorError, Backend> =>
  Layer.mergeAll(
    KeyEncoder.layer.pipe(Layer.provideMerge(QueryEncoder.layer(network, 1))),
    MomentumUpdate.layerEma(0.9),
    KeyShuffle.layer(1)
  )

/** Random views of 2x2 numbers, a pure function of the seed. */
const views = (numViews: number, seed: number): tf.Tensor4D =>
  tf.randomNormal([numViews, 2, 2, 1], 0, 1, "float32", seed)

/** Prepares a step of one direction, or of both for a symmetric loss, and hands it to `use` before its lease ends. */
const withStep = (
  dictionary: Dictionary["Service"],
  step: number,
  numViews: number,
  numDirections: number,
  use: (prepared: PreparedStep) => void
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const lease = yield* Tensor.lease
      const [a, b] = yield* lease.run("views", () => [
        views(numViews, 2 * step + 1),
        views(numViews, 2 * step + 2)
      ])
      const directions: ReadonlyArray<Direction> = [
        { query_NHWC: a!, key_NHWC: b! },
        { query_NHWC: b!, key_NHWC: a! }
      ].slice(0, numDirections)
      use(yield* lease.run("prepare", () => dictionary.prepare(directions, step, lease)))
    })
  )

/** Moves the query encoder a little, as an optimizer would. */
const train = Effect.map(QueryEncoder, (query) =>
  query.parameters.replace({ weight: tf.tidy(() => tf.add(query.parameters.get()["weight"]!, 0.5)) })
)

const valuesOf = (tensors: Tensor.NamedTensors) =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, [...tensor.dataSync()]]))

/** Every number that a commit may change. */
const stateOf = Effect.gen(function* () {
  const key = yield* KeyEncoder
  const dictionary = yield* Dictionary
  const { counters, tensors } = dictionary.snapshot()
  return {
    counters,
    tensors: valuesOf(tensors),
    parameters: valuesOf(key.parameters.get()),
    statistics: valuesOf(key.statistics.get()),
    fill: dictionary.fill()
  }
})

const run = fc.record({
  seed: fc.nat({ max: 1000 }),
  numDirections: fc.integer({ min: 1, max: 2 }),
  batches: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 })
})

/** What every {@link Dictionary} has to obey. */
export const dictionaryLaws = ({ layer: variant, name }: DictionaryVariant): void =>
  layer(Backend.layerTensorflow({ threads: 2 }))(`Dictionary, ${name}`, (it) => {
    const provide =
      (seed: number) =>
      <A, E, R>(effect: Effect.Effect<A, E, R>) =>
        Effect.provide(effect, variant(seed).pipe(Layer.provideMerge(needs())))

    it.effect("always gives cosines of every query to its key and to each negative", () =>
      Property.check(run, ({ batches, numDirections, seed }) =>
        Effect.gen(function* () {
          const dictionary = yield* Dictionary
          for (const [step, numViews] of batches.entries()) {
            yield* train
            yield* withStep(dictionary, step, numViews, numDirections, (prepared) => {
              tf.tidy(() => {
                const query_ND = tf.randomNormal<tf.Rank.R2>([numViews, 3], 0, 1, "float32", step + 1)
                const unit_ND = tf.div(query_ND, tf.norm(query_ND, 2, 1, true)) as tf.Tensor2D
                for (let direction = 0; direction < numDirections; direction++) {
                  const { negative_NK, positive_N1 } = prepared.similarities(unit_ND, direction)
                  assert.deepStrictEqual(positive_N1.shape, [numViews, 1])
                  assert.deepStrictEqual(negative_NK.shape, [numViews, dictionary.numNegatives])
                  const largest = tf.max(tf.abs(tf.concat([positive_N1, negative_NK], 1))).dataSync()[0]!
                  // float32 rounding of the norms of two unit rows.
                  assert.isAtMost(largest, 1 + 1e-6)
                }
              })
              prepared.commit()
            })
          }
        }).pipe(provide(seed))
      )
    )

    it.effect("never changes before the commit, and releases a step that is given up", () =>
      Property.check(run, ({ batches, numDirections, seed }) =>
        Effect.gen(function* () {
          const dictionary = yield* Dictionary
          for (const [step, numViews] of batches.entries()) {
            yield* train
            const before = yield* stateOf
            yield* TensorLeak.check(withStep(dictionary, step, numViews, numDirections, () => {}))
            assert.deepStrictEqual(yield* stateOf, before)
            yield* withStep(dictionary, step, numViews, numDirections, ({ commit }) => commit())
          }
        }).pipe(provide(seed))
      )
    )

    it.effect("always holds as many tensors after a commit as before, and none after its end", () =>
      Property.check(run, ({ batches, numDirections, seed }) =>
        TensorLeak.check(
          Effect.gen(function* () {
            const dictionary = yield* Dictionary
            for (const [step, numViews] of batches.entries()) {
              yield* TensorLeak.check(
                withStep(dictionary, step, numViews, numDirections, ({ commit }) => commit())
              )
              assert.isAtLeast(dictionary.fill(), 0)
              assert.isAtMost(dictionary.fill(), 1)
            }
          }).pipe(provide(seed))
        )
      )
    )

    it.effect("always continues from a snapshot as if it had never stopped", () =>
      Property.check(run, ({ batches, numDirections, seed }) => {
        const take = (dictionary: Dictionary["Service"], from: number) =>
          Effect.forEach(
            batches,
            (numViews, index) =>
              withStep(dictionary, from + index, numViews, numDirections, ({ commit }) => commit()),
            { discard: true }
          )
        return Effect.gen(function* () {
          const dictionary = yield* Dictionary
          // A snapshot is borrowed, so what continues from it is built beside and another seed's state replaced.
          const other: Effect.Effect<
            Dictionary["Service"],
            Tensor.TensorError,
            DictionaryNeeds | Scope.Scope
          > = Effect.map(Layer.build(Layer.fresh(variant(seed + 1))), (built) =>
            Context.get(built, Dictionary)
          )
          yield* take(dictionary, 0)
          const resumed = yield* other
          yield* TensorLeak.check(resumed.restore(dictionary.snapshot()))
          const before = dictionary.snapshot()
          assert.deepStrictEqual(valuesOf(resumed.snapshot().tensors), valuesOf(before.tensors))
          // Momentum does not move the key encoder here: the query encoder stands still and equals it.
          yield* take(dictionary, batches.length)
          yield* take(resumed, batches.length)
          const [a, b] = [dictionary.snapshot(), resumed.snapshot()]
          assert.deepStrictEqual(b.counters, a.counters)
          assert.strictEqual(resumed.fill(), dictionary.fill())
          const [expected, actual] = [valuesOf(a.tensors), valuesOf(b.tensors)]
          for (const [tensor, values] of Object.entries(expected))
            assertClose(actual[tensor]!, values, 1e-5, tensor)
        }).pipe(Effect.scoped, provide(seed))
      })
    )
  })
