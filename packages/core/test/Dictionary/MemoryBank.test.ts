import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { Dictionary } from "@moco/core/Dictionary"
import { layer, type MemoryBankSettings } from "@moco/core/Dictionary/MemoryBank"
import { QueryEncoder } from "@moco/core/Encoder"
import { negativeSimilarities } from "@moco/core/Similarities"
import * as Tensor from "@moco/core/Tensor"
import { assertClose, LinearNetwork, Property } from "@moco/core/testing"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import fc from "fast-check"
import { drawIndices } from "../../src/Dictionary/MemoryBank/negatives.ts"

type Row = ReadonlyArray<number>
const tensorflow = Backend.layerTensorflow({ threads: 2 })
const defaults = { numImages: 4, size: 3, entryMomentum: 0.5, redrawOwn: false, seed: 1 }

/** A bank whose encoder gives a view back at length 1. */
const bankOf = (settings: Partial<MemoryBankSettings> = {}, featureSize = 2) =>
  layer({ ...defaults, ...settings }).pipe(
    Layer.provideMerge(QueryEncoder.layer(LinearNetwork.identity(featureSize), 1))
  )

const range = (size: number) => Array.from({ length: size }, (_, i) => i)
const matrix = (rows: ReadonlyArray<Row>) => tf.tensor2d(rows.map((row) => [...row]))
const atAngle = (angle: number) => [Math.cos(angle), Math.sin(angle)]
const contents = Effect.map(Dictionary, ({ snapshot }) => snapshot().tensors["bank"]!.arraySync() as Row[])

/** Puts known rows in the bank; no image has been seen. */
const setBank = (rows: ReadonlyArray<Row>) =>
  Effect.gen(function* () {
    const tensors = yield* Tensor.scoped("bank", () => ({
      bank: matrix(rows),
      seen: tf.zeros([rows.length])
    }))
    yield* (yield* Dictionary).restore({ tensors, counters: { numSeen: 0 } })
  }).pipe(Effect.scoped)

/** What is said against a snapshot of a bank of 4 images that differs in `changes`. */
const refusal = (changes: {
  readonly bank?: ReadonlyArray<Row>
  readonly seen?: Row
  readonly numSeen?: number
}) =>
  Effect.gen(function* () {
    const { bank = range(4).map(atAngle), numSeen = 0, seen = [0, 0, 0, 0] } = changes
    const { restore } = yield* Dictionary
    const tensors = yield* Tensor.scoped("bank", () => ({ bank: matrix(bank), seen: tf.tensor1d([...seen]) }))
    const { message } = yield* Effect.flip(restore({ tensors, counters: { numSeen } }))
    return message
  }).pipe(Effect.scoped, Effect.provide(Layer.provideMerge(bankOf(), tensorflow)))

/** One step whose queries are given, rows for each direction; gives the similarities back. */
const takeStep = (indices: Row, queries: ReadonlyArray<ReadonlyArray<Row>>, step = 0) =>
  Effect.gen(function* () {
    const dictionary = yield* Dictionary
    const lease = yield* Tensor.lease
    return yield* Tensor.run("step", () => {
      const queries_ND = queries.map(matrix)
      const view = tf.zeros<tf.Rank.R4>([indices.length, 1, 1, 1])
      const directions = queries.map(() => ({ query_NHWC: view, key_NHWC: view }))
      const prepared = dictionary.prepare({ step, indices: Int32Array.from(indices), directions }, lease)
      const read = queries_ND.map((query_ND, direction) => {
        const { negatives, positive_N1 } = prepared.similarities(query_ND, direction, {})
        return {
          kind: negatives._tag,
          positives: positive_N1.dataSync(),
          negatives: negativeSimilarities(negatives).arraySync() as Row[]
        }
      })
      prepared.settle({ queries_ND, parameters: {} }).commit()
      return read
    })
  }).pipe(Effect.scoped)

/** What an entry becomes, and how far float32 may be from it where old and new nearly cancel. */
const mixed = (old: Row, views: ReadonlyArray<Row>, entryMomentum: number) => {
  const mean = (d: number) => views.reduce((sum, view) => sum + view[d]! / views.length, 0)
  const row = old.map((value, d) => entryMomentum * value + (1 - entryMomentum) * mean(d))
  const length = Math.hypot(...row)
  return { row: row.map((value) => value / length), tolerance: 1e-6 + 1e-6 / length }
}

/** Which entries each query is compared with, by similarities that name query and entry: `100 n + m`. */
const comparedWith = (settings: typeof defaults, indices: Row, step = 0) =>
  Effect.gen(function* () {
    const images = range(settings.numImages)
    yield* setBank(images.map((m) => images.map((d) => (d === m ? 1 : 0))))
    const queries = indices.map((_, n) => images.map((m) => 100 * n + m))
    const read = yield* takeStep(indices, [queries, queries], step)
    return read.map(({ negatives }) => negatives.map((row, n) => row.map((value) => value - 100 * n)))
  }).pipe(Effect.provide(bankOf(settings, settings.numImages)))

/** Asserts that draws from `values` are uniform: Pearson's statistic up to four standard deviations. */
const assertUniform = (values: Row, draws: Row) => {
  const counts = values.map((value) => draws.filter((other) => other === value).length)
  const expected = draws.length / values.length
  const statistic = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
  assert.isBelow(statistic, values.length - 1 + 4 * Math.sqrt(2 * (values.length - 1)))
}

describe("a snapshot of a memory bank", () => {
  it.effect("is refused where its marks, their number or its entries cannot be", () =>
    Effect.gen(function* () {
      assert.include(yield* refusal({ seen: [0, 0.5, 0, 0] }), "seen holds 0.5 for image 1, not 0 or 1")
      assert.include(
        yield* refusal({ seen: [0, 1, 1, 0], numSeen: 3 }),
        "numSeen is 3, and seen marks 2 images"
      )
      const long = [...range(3).map(atAngle), [3, 4]]
      assert.include(yield* refusal({ bank: long }), "row 3 of bank has the length 5 and should have 1")
    })
  )
})

describe("MemoryBank", () => {
  it.effect("starts with a random row of length 1 for every image, none of them seen", () =>
    Effect.gen(function* () {
      const rows = yield* contents
      for (const row of rows) assert.closeTo(Math.hypot(...row), 1, 1e-6)
      assert.strictEqual(new Set(rows.map(String)).size, 50)
      assert.strictEqual((yield* Dictionary).fill(), 0)
    }).pipe(Effect.provide(Layer.provideMerge(bankOf({ numImages: 50 }), tensorflow)))
  )

  it.effect("is not made with entries that never change", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Effect.provide(Dictionary, bankOf({ entryMomentum: 1 })))
      assert.include(error.message, "MemoryBank: entryMomentum = 1: must be a value less than 1")
    }).pipe(Effect.provide(tensorflow))
  )

  it.effect("has an image's own entry as its positive, in both directions", () =>
    Effect.gen(function* () {
      yield* setBank(range(4).map(atAngle))
      const read = yield* takeStep([3, 1], [[0.5, 0.5].map(atAngle), [2, 2.5].map(atAngle)])
      const positives = read.flatMap((direction) => Array.from(direction.positives))
      assertClose(positives, [3 - 0.5, 1 - 0.5, 3 - 2, 1 - 2.5].map(Math.cos), 1e-6)
    }).pipe(Effect.provide(Layer.provideMerge(bankOf(), tensorflow)))
  )

  it.effect("has the same negatives for every query, which a loss need not write down", () =>
    Effect.gen(function* () {
      const [read] = yield* takeStep([3, 1], [[0.5, 0.5].map(atAngle)])
      assert.strictEqual(read!.kind, "Shared")
    }).pipe(Effect.provide(Layer.provideMerge(bankOf({ redrawOwn: false }), tensorflow)))
  )

  const runs = fc.integer({ min: 1, max: 7 }).chain((numImages) => {
    const angle = fc.integer({ min: -314, max: 314 }).map((value) => value / 100)
    const angles = fc.array(angle, { minLength: numImages, maxLength: numImages })
    const directions = fc.array(angles, { minLength: 1, maxLength: 2 })
    const indices = fc.shuffledSubarray(range(numImages), { minLength: 1 })
    const entryMomentum = fc.integer({ min: 0, max: 99 }).map((value) => value / 100)
    const batches = fc.array(fc.record({ indices, directions }), { minLength: 1 })
    return fc.record({ numImages: fc.constant(numImages), entryMomentum, batches })
  })

  it.effect(
    "always mixes exactly the batch's entries with the mean of their views, and counts the images seen",
    () =>
      Property.check(runs, ({ batches, entryMomentum, numImages }) =>
        Effect.gen(function* () {
          const seen = new Set<number>()
          for (const { directions, indices } of batches) {
            const before = yield* contents
            const views = (image: number) => directions.map((angles) => atAngle(angles[image]!))
            const queries = directions.map((_, direction) => indices.map((image) => views(image)[direction]!))
            yield* takeStep(indices, queries)
            for (const [image, row] of (yield* contents).entries()) {
              const old = { row: before[image]!, tolerance: 0 }
              const next = indices.includes(image) ? mixed(old.row, views(image), entryMomentum) : old
              assertClose(row, next.row, next.tolerance)
            }
            for (const image of indices) seen.add(image)
            assert.closeTo((yield* Dictionary).fill(), seen.size / numImages, 1e-9)
          }
        }).pipe(Effect.provide(bankOf({ numImages, entryMomentum })))
      ).pipe(Effect.provide(tensorflow))
  )

  it.effect("continues its count of seen images from a snapshot", () =>
    Effect.gen(function* () {
      const { fill, restore, snapshot } = yield* Dictionary
      const step = (...indices: Row) => takeStep(indices, [indices.map(atAngle)])
      yield* step(0, 1)
      const { counters, tensors } = snapshot()
      const copy = yield* Tensor.scoped("copy", () => ({ ...Tensor.clone(tensors) }))
      yield* step(2, 3)
      yield* restore({ tensors: copy, counters })
      assert.strictEqual(fill(), 0.5)
      yield* step(1, 2)
      assert.strictEqual(fill(), 0.75)
    }).pipe(Effect.scoped, Effect.provide(Layer.provideMerge(bankOf(), tensorflow)))
  )

  const draws = fc.integer({ min: 2, max: 8 }).chain((numImages) => {
    const size = fc.integer({ min: 1, max: 25 })
    const random = fc.record({ size, redrawOwn: fc.boolean(), seed: fc.nat() })
    const settings = random.map((drawn) => ({ ...defaults, ...drawn, numImages }))
    return fc.tuple(settings, fc.shuffledSubarray(range(numImages), { minLength: 1 }), fc.nat())
  })

  it.effect("always compares with what was drawn, and with redrawOwn never with a query's own entry", () =>
    Property.check(draws, ([settings, indices, step]) =>
      Effect.gen(function* () {
        for (const [direction, entry_NK] of (yield* comparedWith(settings, indices, step)).entries()) {
          const draw = { ...settings, step, direction, indices: Int32Array.from(indices) }
          const drawn = Array.from(drawIndices(draw, settings.numImages))
          for (const [n, entries] of entry_NK.entries()) {
            const own = (k: number) => settings.redrawOwn && drawn[k] === indices[n]
            const redrawn = entries.filter((_, k) => own(k))
            assert.includeMembers(range(settings.numImages), redrawn)
            assert.notInclude(redrawn, indices[n])
            const expected = drawn.map((entry, k) => (own(k) ? entries[k] : entry))
            assert.deepStrictEqual(entries, expected)
          }
        }
      })
    ).pipe(Effect.provide(tensorflow))
  )

  it.effect("meets an own entry K / M times, and redraws it uniformly from all others", () =>
    Effect.gen(function* () {
      const settings = { ...defaults, numImages: 8, size: 8000 }
      const [kept] = yield* comparedWith(settings, [7, 2, 5])
      const [redrawn] = yield* comparedWith({ ...settings, redrawOwn: true }, [7, 2, 5])
      for (const [n, own] of [7, 2, 5].entries()) {
        const count = kept![n]!.filter((entry) => entry === own).length
        // K / M = 1000, within four standard deviations of a binomial distribution.
        assert.closeTo(count, 1000, 4 * Math.sqrt(1000 * (7 / 8)))
        const others = range(8).filter((image) => image !== own)
        const substitutes = redrawn![n]!.filter((_, k) => kept![n]![k] === own)
        assertUniform(others, substitutes)
      }
    }).pipe(Effect.provide(tensorflow))
  )

  it("draws uniformly, and again what it drew, by seed, step and direction", () => {
    const draw = { ...defaults, size: 20_000, step: 5, direction: 0, indices: Int32Array.of() }
    const drawn = drawIndices(draw, 50)
    assertUniform(range(50), Array.from(drawn))
    assert.deepStrictEqual(drawIndices(draw, 50), drawn)
    for (const other of [{ seed: 2 }, { step: 6 }, { direction: 1 }])
      assert.notDeepEqual(drawIndices({ ...draw, ...other }, 50), drawn)
  })
})
