import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { Dictionary } from "@moco/core/Dictionary"
import * as Queue from "@moco/core/Dictionary/Queue"
import { KeyEncoder, QueryEncoder } from "@moco/core/Encoder"
import { KeyShuffle } from "@moco/core/KeyShuffle"
import { MomentumUpdate } from "@moco/core/MomentumUpdate"
import { negativeSimilarities } from "@moco/core/Similarities"
import * as Tensor from "@moco/core/Tensor"
import { LinearNetwork, Property } from "@moco/core/testing"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import fc from "fast-check"
import { enqueue } from "../../src/internal/enqueue.ts"

const featureSize = 2
const tensorflow = Backend.layerTensorflow({ threads: 2 })

/** A queue whose encoders give a view back at length 1, so that keys can be told from the views. */
const queueOf = (size: number, seed = 1) =>
  Queue.layer({ size, seed }).pipe(
    Layer.provideMerge(
      Layer.mergeAll(
        KeyEncoder.layer.pipe(Layer.provideMerge(QueryEncoder.layer(LinearNetwork.identity(featureSize), 1))),
        MomentumUpdate.layerEma(0.9),
        KeyShuffle.layer(1)
      )
    )
  )

/** Unit vectors by their angle, so that a key is known by one number. */
const views = (angles: ReadonlyArray<number>) =>
  tf.tensor4d(
    angles.flatMap((angle) => [Math.cos(angle), Math.sin(angle)]),
    [angles.length, 1, featureSize, 1]
  )

const anglesOf = (queue: tf.Tensor) => {
  const rows = queue.arraySync() as Array<[number, number]>
  return rows.map(([x, y]) => Math.round(1e4 * Math.atan2(y, x)) / 1e4)
}

/** Enqueues the keys of one step; with a second batch as the second direction of a symmetric loss. */
const enqueueStep = (first: ReadonlyArray<number>, second?: ReadonlyArray<number>) =>
  Effect.gen(function* () {
    const dictionary = yield* Dictionary
    const lease = yield* Tensor.lease
    yield* Tensor.run("enqueue", () => {
      const batches = second === undefined ? [first] : [first, second]
      const directions = batches.map((angles) => ({ query_NHWC: views(angles), key_NHWC: views(angles) }))
      const step = { step: 0, indices: new Int32Array(first.length), directions }
      dictionary.prepare(step, lease).settle({ queries_ND: [], parameters: {} }).commit()
    })
  }).pipe(Effect.scoped)

const contents = Effect.map(Dictionary, ({ fill, snapshot }) => ({
  angles: anglesOf(snapshot().tensors["queue"]!),
  counters: snapshot().counters,
  fill: fill()
}))

/** An array that is written slot by slot: what the queue must equal. */
const model = (initial: ReadonlyArray<number>, batches: ReadonlyArray<ReadonlyArray<number>>) => {
  const slots = [...initial]
  const written = batches.flat()
  written.forEach((angle, i) => {
    slots[i % slots.length] = angle
  })
  return {
    angles: slots,
    counters: { pointer: written.length % slots.length, filled: Math.min(slots.length, written.length) },
    fill: Math.min(slots.length, written.length) / slots.length
  }
}

const angle = fc.integer({ min: -31_000, max: 31_000 }).map((value) => value / 1e4)
const batch = fc.array(angle, { minLength: 1, maxLength: 9 })

describe("Queue", () => {
  it.effect("starts with random rows of length 1 and nothing real in it", () =>
    Effect.gen(function* () {
      const { fill, snapshot } = yield* Dictionary
      const rows = snapshot().tensors["queue"]!.arraySync() as Array<[number, number]>
      for (const row of rows) assert.closeTo(Math.hypot(...row), 1, 1e-6)
      assert.strictEqual(new Set(rows.map(String)).size, 50)
      assert.strictEqual(fill(), 0)
    }).pipe(Effect.provide(Layer.provideMerge(queueOf(50), tensorflow)))
  )

  it.effect("starts with the same rows for the same seed, and with others for another", () =>
    Effect.gen(function* () {
      const startOf = (seed: number) =>
        Effect.map(contents, ({ angles }) => angles).pipe(
          Effect.provide(Layer.provideMerge(queueOf(3, seed), tensorflow))
        )
      assert.deepStrictEqual(yield* startOf(1), yield* startOf(1))
      assert.notDeepEqual(yield* startOf(1), yield* startOf(2))
    })
  )

  it.effect("writes keys one after the other and over the oldest", () =>
    Effect.gen(function* () {
      yield* enqueueStep([0.1, 0.2])
      yield* enqueueStep([0.3, 0.4])
      assert.deepStrictEqual(yield* contents, {
        angles: [0.4, 0.2, 0.3],
        counters: { pointer: 1, filled: 3 },
        fill: 1
      })
    }).pipe(Effect.provide(Layer.provideMerge(queueOf(3), tensorflow)))
  )

  it.effect("enqueues the second direction's keys before the first's, as the authors do", () =>
    Effect.gen(function* () {
      yield* enqueueStep([0.1, 0.2], [0.3, 0.4])
      assert.deepStrictEqual((yield* contents).angles, [0.3, 0.4, 0.1, 0.2])
    }).pipe(Effect.provide(Layer.provideMerge(queueOf(4), tensorflow)))
  )

  it.effect("encodes a step's keys with the key encoder as that step has moved it", () =>
    Effect.gen(function* () {
      const { parameters } = yield* QueryEncoder
      // The queries' encoder turns a view by a right angle.
      parameters.replace({
        weight: tf.tensor2d([
          [0, 1],
          [-1, 0]
        ])
      })
      yield* enqueueStep([0])
      const [angle] = (yield* contents).angles
      // 0.9 of what leaves a view as it is, and 0.1 of what turns it.
      assert.closeTo(angle!, Math.atan2(0.1, 0.9), 1e-4)
    }).pipe(Effect.provide(Layer.provideMerge(queueOf(2), tensorflow)))
  )

  it.effect("counts the keys of both directions in the key encoder's running statistics", () =>
    Effect.gen(function* () {
      const { statistics } = yield* KeyEncoder
      const batches = () => statistics.get()["batches"]!.dataSync()[0]
      yield* enqueueStep([0.1, 0.2], [0.3, 0.4])
      assert.strictEqual(batches(), 2)
      yield* enqueueStep([0.1, 0.2])
      assert.strictEqual(batches(), 3)
    }).pipe(Effect.provide(Layer.provideMerge(queueOf(4), tensorflow)))
  )

  it.effect("always holds what an array written slot by slot holds, whatever the batch sizes", () =>
    Property.check(
      fc.record({ size: fc.integer({ min: 1, max: 8 }), batches: fc.array(batch, { maxLength: 6 }) }),
      ({ batches, size }) =>
        Effect.gen(function* () {
          const initial = (yield* contents).angles
          for (const angles of batches) yield* enqueueStep(angles)
          assert.deepStrictEqual(yield* contents, model(initial, batches))
        }).pipe(Effect.provide(queueOf(size)))
    ).pipe(Effect.provide(tensorflow))
  )

  it.effect("never has a batch's own keys among its negatives", () =>
    Effect.gen(function* () {
      const dictionary = yield* Dictionary
      const lease = yield* Tensor.lease
      yield* enqueueStep([1, 1, 1])
      const similarities = yield* Tensor.run("law", () => {
        const view = views([0])
        const directions = [{ query_NHWC: view, key_NHWC: view }]
        const { negatives, positive_N1 } = dictionary
          .prepare({ step: 0, indices: Int32Array.of(0), directions }, lease)
          .similarities(tf.tensor2d([[1, 0]]), 0, {})
        // A loss need not write their similarities down.
        assert.strictEqual(negatives._tag, "Shared")
        return [...positive_N1.dataSync(), ...negativeSimilarities(negatives).dataSync()]
      })
      // The positive is the query itself; the negatives are all at an angle of 1.
      similarities.forEach((cosine, i) => {
        assert.closeTo(cosine, i === 0 ? 1 : Math.cos(1), 1e-6)
      })
    }).pipe(Effect.scoped, Effect.provide(Layer.provideMerge(queueOf(3), tensorflow)))
  )

  it.effect("moves the key encoder with the commit and not before, and reports the distance", () =>
    Effect.gen(function* () {
      const dictionary = yield* Dictionary
      const query = yield* QueryEncoder
      const key = yield* KeyEncoder
      assert.strictEqual(dictionary.encoderDistance(), 0)
      query.parameters.replace({ weight: tf.mul(query.parameters.get()["weight"]!, 3) })
      const keyWeight = () => Array.from(key.parameters.get()["weight"]!.dataSync())
      assert.deepStrictEqual(keyWeight(), [1, 0, 0, 1])
      assert.closeTo(dictionary.encoderDistance()!, 2 / 3, 1e-6)
      yield* enqueueStep([0.5])
      // 0.9 * 1 + 0.1 * 3
      assert.closeTo(keyWeight()[0]!, 1.2, 1e-6)
      assert.strictEqual(key.statistics.get()["batches"]!.dataSync()[0], 1)
    }).pipe(Effect.provide(Layer.provideMerge(queueOf(2), tensorflow)))
  )
})

describe("enqueue", () => {
  it.effect("always equals writing slot by slot, from any pointer", () =>
    Effect.gen(function* () {
      yield* Backend
      const queue = fc.integer({ min: 1, max: 9 }).chain((size) =>
        fc.record({
          size: fc.constant(size),
          pointer: fc.integer({ min: 0, max: size - 1 }),
          numKeys: fc.integer({ min: 1, max: 25 })
        })
      )
      const { numTensors } = tf.memory()
      fc.assert(
        fc.property(queue, ({ numKeys, pointer, size }) => {
          const expected = Array.from({ length: size }, (_, slot) => -slot)
          for (let i = 0; i < numKeys; i++) expected[(pointer + i) % size] = 100 + i
          const actual = tf.tidy(() => {
            const queue_KD = tf.tensor2d(Array.from({ length: size }, (_, slot) => [-slot]))
            const key_MD = tf.tensor2d(Array.from({ length: numKeys }, (_, i) => [100 + i]))
            return Array.from(enqueue(queue_KD, key_MD, pointer).dataSync())
          })
          assert.deepStrictEqual(
            actual.map((value) => value + 0),
            expected.map((value) => value + 0)
          )
        })
      )
      assert.strictEqual(tf.memory().numTensors, numTensors)
    }).pipe(Effect.provide(tensorflow))
  )
})
