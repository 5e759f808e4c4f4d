import { assert, describe, it, layer } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { exactNeighbours } from "@moco/evaluation/exactNeighbours"
import { makeRanking } from "@moco/evaluation/ranking"
import { averagePrecision, retrieve } from "@moco/evaluation/retrieval"
import { voteOfNeighbours, votesOfNeighbours } from "@moco/evaluation/voteOfNeighbours"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Fiber } from "effect"
import fc from "fast-check"
import { farthest, oracles } from "./oracles.ts"

/** Small whole numbers: many of their products are equal, and all are exact. */
const whole = (rows: number) =>
  fc.array(fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 2, maxLength: 2 }), {
    minLength: 1,
    maxLength: rows
  })

const product = (a: ReadonlyArray<number>, b: ReadonlyArray<number>) => a[0]! * b[0]! + a[1]! * b[1]!

/** By a sort of all, the lower row first of equal ones. */
const bySorting = (queries: ReadonlyArray<Array<number>>, bank: ReadonlyArray<Array<number>>, k: number) =>
  queries.flatMap((query) =>
    Array.from(bank.keys())
      .sort((a, b) => product(query, bank[b]!) - product(query, bank[a]!) || a - b)
      .slice(0, k)
  )

/** Parts of all votes: ours are relative to the nearest neighbour's. */
const shares = (votes: ArrayLike<number>) => {
  const all = Array.from(votes)
  const total = all.reduce((sum, vote) => sum + vote, 0)
  return all.map((vote) => vote / total)
}

describe("exact neighbours", () => {
  layer(Backend.layerTensorflow({ threads: 1 }))((it) => {
    it.effect("are scikit-learn's", () =>
      Effect.gen(function* () {
        const { nearest, queries, x } = oracles.retrieval
        const [query_NC, bank_BC] = [tf.tensor2d([...queries]), tf.tensor2d([...x])]
        const { index_NK, similarity_NK } = yield* exactNeighbours(query_NC, bank_BC, 7)
        assert.deepStrictEqual(Array.from(index_NK), nearest.flat())
        const first = queries[0]!.reduce((sum, value, c) => sum + value * x[nearest[0]![0]!]![c]!, 0)
        assert.closeTo(similarity_NK[0]!, first, 1e-6)
        tf.dispose([query_NC, bank_BC])
      })
    )

    it.effect("vote for the classes as numpy counts them by the literature's formula", () =>
      Effect.gen(function* () {
        const { bank, queries, said, temperature, y } = oracles.votes
        const [query_NC, bank_BC] = [tf.tensor2d([...queries]), tf.tensor2d([...bank])]
        for (const { k, said: classes, votes } of said) {
          const { index_NK, similarity_NK } = yield* exactNeighbours(query_NC, bank_BC, k)
          queries.forEach((_, row) => {
            const own = [row * k, (row + 1) * k] as const
            const neighbours = [index_NK.subarray(...own), similarity_NK.subarray(...own)] as const
            assert.strictEqual(voteOfNeighbours(...neighbours, y, temperature, 5), classes[row])
            const ours = votesOfNeighbours(...neighbours, y, temperature, 5)
            assert.isBelow(farthest(shares(ours), shares(votes[row]!)), 1e-5)
          })
        }
        assert.deepStrictEqual(
          said.map(({ k }) => k),
          [200, 20]
        )
        tf.dispose([query_NC, bank_BC])
      })
    )

    it.effect("of equal similarity are the lower rows, whatever the blocks, and no tensor is left", () =>
      Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(
            whole(9),
            whole(30),
            fc.nat(),
            fc.integer({ min: 1, max: 10 }),
            fc.integer({ min: 1, max: 31 }),
            async (queries, bank, some, queryBlock, bankBlock) => {
              const k = 1 + (some % bank.length)
              const before = tf.memory().numTensors
              const [query_NC, bank_BC] = [tf.tensor2d(queries), tf.tensor2d(bank)]
              const { index_NK } = await Effect.runPromise(
                exactNeighbours(query_NC, bank_BC, k, { queries: queryBlock, bank: bankBlock })
              )
              tf.dispose([query_NC, bank_BC])
              assert.deepStrictEqual(Array.from(index_NK), bySorting(queries, bank, k))
              assert.strictEqual(tf.memory().numTensors, before)
            }
          )
        )
      )
    )

    it.effect("are none where a similarity is not a number, or there are fewer rows than neighbours", () =>
      Effect.gen(function* () {
        const [one, bad] = [
          tf.tensor2d([[1, 0]]),
          tf.tensor2d([
            [1, 0],
            [Number.NaN, 0]
          ])
        ]
        for (const [query, bank, k] of [
          [one, bad, 1],
          [bad, one, 1],
          [one, one, 2]
        ] as const) {
          const error = yield* Effect.flip(exactNeighbours(query, bank, k))
          assert.include(error.message, "not finite")
        }
        tf.dispose([one, bad])
      })
    )

    it.effect("can be given up between blocks", () =>
      Effect.gen(function* () {
        const rows = tf.ones<tf.Rank.R2>([2000, 4])
        const fiber = yield* Effect.forkChild(exactNeighbours(rows, rows, 1, { queries: 1 }))
        yield* Effect.yieldNow
        yield* Fiber.interrupt(fiber)
        const exit = yield* Fiber.await(fiber)
        assert.strictEqual(exit._tag, "Failure")
        rows.dispose()
      })
    )

    it.effect("give scikit-learn's precision of retrieval, each image left out of its own gallery", () =>
      Effect.gen(function* () {
        const { averagePrecision, precisionAt5, x, y } = oracles.retrieval
        const unit_NC = tf.tensor2d([...x])
        const before = tf.memory().numTensors
        const found = yield* retrieve({ unit_NC, labels: y }, undefined, [5])
        assert.isBelow(farthest(found.precisions[0]!, precisionAt5), 1e-12)
        assert.isBelow(farthest(found.averagePrecisions, averagePrecision), 1e-12)
        const same = yield* retrieve({ unit_NC, labels: y }, { unit_NC, labels: y }, [1])
        assert.deepStrictEqual(new Set(same.precisions[0]), new Set([1]))
        const none = yield* retrieve({ unit_NC, labels: y.map(() => 9) }, { unit_NC, labels: y }, [1])
        assert.strictEqual(none.averagePrecisions.length, 0)
        assert.strictEqual(tf.memory().numTensors, before)
        unit_NC.dispose()
      })
    )
  })
})

describe("a ranking", () => {
  it("is a sort, largest first, and of equal numbers the first", () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true }), { maxLength: 60 }), fc.nat(3), (some, copies) => {
        const values = Float32Array.from([...some, ...some.slice(0, copies), 0, -0])
        const rank = makeRanking(values.length)
        rank(values.toReversed())
        const sorted = Array.from(values.keys()).sort((a, b) =>
          values[b]! === values[a]! ? a - b : values[b]! > values[a]! ? 1 : -1
        )
        assert.deepStrictEqual(Array.from(rank(values)), sorted)
      })
    )
  })

  it("has an average precision of 1 where all relevant ones come first, and of their places else", () => {
    assert.strictEqual(averagePrecision(Uint8Array.of(1, 1, 0)), 1)
    assert.closeTo(averagePrecision(Uint8Array.of(0, 1, 0, 1)), (1 / 2 + 2 / 4) / 2, 1e-12)
  })
})
