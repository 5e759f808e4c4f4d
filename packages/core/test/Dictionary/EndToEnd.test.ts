import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import * as CounterRandom from "@moco/core/CounterRandom"
import { Dictionary, type PreparedStep } from "@moco/core/Dictionary"
import { layerSeparate, layerShared } from "@moco/core/Dictionary/EndToEnd"
import { KeyEncoder, QueryEncoder } from "@moco/core/Encoder"
import { valueAndGradients } from "@moco/core/Gradient"
import { KeyShuffle, type ShuffleKey } from "@moco/core/KeyShuffle"
import { negativeSimilarities } from "@moco/core/Similarities"
import * as Tensor from "@moco/core/Tensor"
import { assertClose, LinearNetwork, Property } from "@moco/core/testing"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import fc from "fast-check"
import { infoNce } from "../../src/internal/infoNce.ts"

type Row = ReadonlyArray<number>
type Rows = ReadonlyArray<Row>
const tensorflow = Backend.layerTensorflow({ threads: 2 })
const [separate, shared] = [layerSeparate({ batchSize: 4 }), layerShared({ batchSize: 4 })]
const [identity, linear] = [LinearNetwork.identity(3), LinearNetwork.linear(4, 3)]
const temperature = 0.5

const backwards = (_: ShuffleKey, size: number) => Int32Array.from({ length: size }, (_, i) => size - 1 - i)

/** Keys take their places backwards, so that an order that is not undone is seen. */
const endToEnd = (variant: typeof separate | typeof shared, network = identity, order = backwards) =>
  variant.pipe(
    Layer.provideMerge(KeyEncoder.layer.pipe(Layer.provideMerge(QueryEncoder.layer(network, 1)))),
    Layer.provideMerge(KeyShuffle.layerOrder(order))
  )

const matrix = (rows: Rows) => tf.tensor2d(rows.map((row) => [...row]))
const view = (rows: Rows) => tf.tensor4d(rows.flat(), [rows.length, 1, rows[0]!.length, 1])
const numbers = (tensor: tf.Tensor | undefined) => Array.from(tensor!.dataSync())

/** Prepares step 7 on given keys, rows for each direction, for `use` inside a tidy. */
const prepare = <A>(
  keys: ReadonlyArray<Rows>,
  use: (prepared: PreparedStep, trained: Tensor.NamedTensors, lease: Tensor.Lease) => A
) =>
  Effect.gen(function* () {
    const dictionary = yield* Dictionary
    const query = yield* QueryEncoder
    const lease = yield* Tensor.lease
    return yield* Tensor.run("step", () => {
      const directions = keys.map((rows) => ({ query_NHWC: view(rows), key_NHWC: view(rows) }))
      const trained = { ...query.parameters.get(), ...dictionary.trained() }
      return use(dictionary.prepare({ step: 7, indices: Int32Array.of(), directions }, lease), trained, lease)
    })
  }).pipe(Effect.scoped)

const axes = [0, 1].map((n) => [0, 1, 2].map((d) => (d === n ? 1 : 0)))

/** One step that triples what is trained; gives a state before and after its commit. */
const commit = <A>(numDirections: number, state: () => A) =>
  prepare(new Array<Rows>(numDirections).fill(axes), (prepared, trained, { keep }) => {
    for (let direction = 0; direction < numDirections; direction++)
      prepared.similarities(matrix(axes), direction, trained)
    const tripled = Object.entries(trained).map(([name, tensor]) => [name, keep(tf.mul(tensor, 3))])
    const settled = prepared.settle({ queries_ND: [], parameters: Object.fromEntries(tripled) })
    const before = state()
    settled.commit()
    return [before, state()]
  })

const dot = (a: Row, b: Row) => a.reduce((sum, value, d) => sum + value * b[d]!, 0)
const unit = (row: Row) => row.map((value) => value / Math.hypot(...row))

/** Similarities by plain loops: row n's positive is key n, its negatives are all other keys in their order. */
const similarities = (queries: Rows, keys: Rows) => ({
  positives: queries.map((query, n) => dot(query, keys[n]!)),
  negatives: queries.map((query, n) => keys.filter((_, m) => m !== n).map((key) => dot(query, key)))
})

/** InfoNCE of linear encoders in float64; weights come flat, as tensors give them. */
const lossOf = (queries: Rows, keys: Rows, queryWeight: Row, keyWeight: Row) => {
  const column = (weight: Row, d: number) => weight.filter((_, i) => i % 3 === d)
  const encode = (views: Rows, weight: Row) =>
    views.map((row) => unit([0, 1, 2].map((d) => dot(row, column(weight, d)))))
  const { negatives, positives } = similarities(encode(queries, queryWeight), encode(keys, keyWeight))
  const losses = positives.map((positive, n) =>
    Math.log(negatives[n]!.reduce((sum, negative) => sum + Math.exp((negative - positive) / temperature), 1))
  )
  return losses.reduce((sum, loss) => sum + loss / losses.length, 0)
}

/** The gradient by central differences, in float64. */
const differences = (f: (at: Row) => number, at: Row) =>
  at.map((value, i) => (f(at.with(i, value + 1e-5)) - f(at.with(i, value - 1e-5))) / 2e-5)

for (const variant of [separate, shared])
  describe(`EndToEnd with ${variant === shared ? "one encoder" : "two encoders"}`, () => {
    const coordinate = fc.integer({ min: -100, max: 100 }).map((value) => value / 100)
    const row = fc.tuple(coordinate, coordinate, coordinate).filter((values) => Math.hypot(...values) > 0.1)
    const batch = fc.array(fc.tuple(row, row), { minLength: 2, maxLength: 6 })

    it.effect("always compares a query with its key, and with all other keys of the batch in order", () =>
      Property.check(batch, (pairs) =>
        Effect.gen(function* () {
          const queries = pairs.map(([query]) => query)
          const keys = pairs.map(([, key]) => key)
          const actual = yield* prepare([keys], (prepared, trained) => {
            const { negatives, positive_N1 } = prepared.similarities(matrix(queries), 0, trained)
            const negative_NK = negativeSimilarities(negatives)
            assert.deepStrictEqual(negative_NK.shape, [keys.length, keys.length - 1])
            return { positives: numbers(positive_N1), negatives: numbers(negative_NK) }
          })
          const expected = similarities(queries, keys.map(unit))
          assertClose(actual.positives, expected.positives, 1e-6)
          assertClose(actual.negatives, expected.negatives.flat(), 1e-6)
        }).pipe(Effect.provide(endToEnd(variant)))
      ).pipe(Effect.provide(tensorflow))
    )

    it.effect("always has the gradient of InfoNCE in the weights of queries and of keys", () =>
      Property.check(fc.nat(), (seed) =>
        Effect.gen(function* () {
          const random = CounterRandom.make(seed, CounterRandom.Purpose.synthetic)
          const normals = (size: number) => Array.from(CounterRandom.normals(random, size))
          const rows = () => [normals(4), normals(4), normals(4)]
          const [queries, keys] = [rows(), rows()]
          const query = normals(12)
          const key = variant === shared ? query : normals(12)
          const actual = yield* prepare([keys], ({ similarities }, trained, { keep }) => {
            const at = Object.keys(trained).map((name) => [name, name === "weight" ? query : key] as const)
            const weights = Object.fromEntries(at.map(([name, flat]) => [name, tf.tensor2d(flat, [4, 3])]))
            const { gradients, value } = valueAndGradients((parameters) => {
              const encoder = { parameters, statistics: { batches: tf.scalar(0) } }
              const { feature_ND } = linear.train(encoder, view(queries), keep)
              return infoNce(temperature)(similarities(feature_ND, 0, parameters), keep).mean
            }, weights)
            const read = Object.entries({ value, ...gradients })
            return new Map(read.map(([name, tensor]) => [name, numbers(tensor)]))
          })
          const loss = (ofQuery: Row, ofKey: Row) => lossOf(queries, keys, ofQuery, ofKey)
          const inQuery = differences((weight) => loss(weight, key), query)
          const inKey = differences((weight) => loss(query, weight), key)
          const inBoth = differences((weight) => loss(weight, weight), query)
          const gradients = variant === shared ? { weight: inBoth } : { weight: inQuery, "key.weight": inKey }
          const expected = { value: [loss(query, key)], ...gradients }
          assert.sameMembers([...actual.keys()], Object.keys(expected))
          for (const [name, values] of Object.entries(expected))
            assertClose(actual.get(name)!, values, 1e-4, name)
        }).pipe(Effect.provide(endToEnd(variant, linear)))
      ).pipe(Effect.provide(tensorflow))
    )

    it.effect("encodes the keys of each direction once, in the order of KeyShuffle", () => {
      const asked: Array<string> = []
      const order = (key: ShuffleKey, size: number) => {
        asked.push(`step ${key.step}, direction ${key.direction}`)
        return backwards(key, size)
      }
      return Effect.gen(function* () {
        yield* commit(2, () => 0)
        assert.deepStrictEqual(asked, ["step 7, direction 0", "step 7, direction 1"])
      }).pipe(Effect.provide(Layer.provideMerge(endToEnd(variant, identity, order), tensorflow)))
    })

    it.effect("counts a batch of keys for each direction, with the commit and not before", () =>
      Effect.gen(function* () {
        const { snapshot } = yield* Dictionary
        const name = variant === shared ? "batches" : "key.statistics.batches"
        const batches = () => numbers(snapshot().tensors[name])[0]
        assert.deepStrictEqual(yield* commit(1, batches), [0, 1])
        assert.deepStrictEqual(yield* commit(2, batches), [1, 3])
        assert.deepStrictEqual(numbers((yield* QueryEncoder).statistics.get()["batches"]), [0])
      }).pipe(Effect.provide(Layer.provideMerge(endToEnd(variant), tensorflow)))
    )
  })

describe("EndToEnd", () => {
  it.effect("trains a second encoder under names of its own, and moves it with the commit", () =>
    Effect.gen(function* () {
      const { encoderDistance, trained } = yield* Dictionary
      const [query, key] = [yield* QueryEncoder, yield* KeyEncoder]
      assert.deepStrictEqual(Object.keys(trained()), ["key.weight"])
      assert.strictEqual(encoderDistance(), 0)
      const weights = () => [query, key].map(({ parameters }) => numbers(parameters.get()["weight"])[0])
      assert.deepStrictEqual((yield* commit(1, weights)).flat(), [1, 1, 1, 3])
      assert.deepStrictEqual(numbers(trained()["key.weight"]), [3, 0, 0, 0, 3, 0, 0, 0, 3])
      assert.closeTo(encoderDistance()!, 2, 1e-6)
    }).pipe(Effect.provide(Layer.provideMerge(endToEnd(separate), tensorflow)))
  )

  it.effect("trains nothing beside a shared encoder, which has no distance from itself", () =>
    Effect.gen(function* () {
      const { encoderDistance, trained } = yield* Dictionary
      assert.deepStrictEqual(trained(), {})
      assert.isUndefined(encoderDistance())
    }).pipe(Effect.provide(Layer.provideMerge(endToEnd(shared), tensorflow)))
  )
})
