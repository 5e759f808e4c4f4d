import { assert, describe, it, layer } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import * as CounterRandom from "@moco/core/CounterRandom"
import { adjustedRandIndex, normalisedMutualInformation } from "@moco/evaluation/clustering/agreement"
import { assign, centresOf, kMeans, lloyd } from "@moco/evaluation/clustering/kMeans"
import { seedCentres } from "@moco/evaluation/clustering/seedCentres"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Fiber } from "effect"
import fc from "fast-check"
import { oracles } from "./oracles.ts"

const { clusters } = oracles

const groups = fc.array(fc.tuple(fc.nat(4), fc.nat(3)), { minLength: 2, maxLength: 40 })

describe("k-means", () => {
  layer(Backend.layerTensorflow({ threads: 1 }))((it) => {
    it.effect("ends where scikit-learn's does from the same centres, and leaves no tensor", () =>
      Effect.gen(function* () {
        const row_NC = tf.tensor2d([...clusters.x])
        const before = tf.memory().numTensors
        const found = yield* lloyd(row_NC, Float32Array.from(clusters.x.slice(0, 4).flat()))
        assert.deepStrictEqual(Array.from(found.cluster_N), clusters.clusters)
        assert.closeTo(found.inertia / clusters.inertia, 1, 1e-5)
        const best = yield* kMeans(row_NC, 4, { seed: 1 })
        assert.closeTo(best.inertia / clusters.best, 1, 1e-5)
        assert.strictEqual(tf.memory().numTensors, before)
        row_NC.dispose()
      })
    )

    it.effect("lowers the inertia at each iteration", () =>
      Effect.gen(function* () {
        const row_NC = tf.tensor2d([...clusters.x])
        for (const seed of [1, 2, 3]) {
          const random = CounterRandom.make(seed, CounterRandom.Purpose.clustering)
          let centres = seedCentres(row_NC, 6, random)
          let inertia = Number.POSITIVE_INFINITY
          for (let iteration = 0; iteration < 5; iteration++) {
            const assigned = assign(row_NC, centres)
            assert.isAtMost(assigned.inertia, inertia * (1 + 1e-6))
            inertia = assigned.inertia
            centres = centresOf(row_NC, assigned, centres)
          }
        }
        row_NC.dispose()
      })
    )

    it.effect("moves a centre that has no rows to the row that is farthest from its own", () =>
      Effect.sync(() => {
        const row_NC = tf.tensor2d([[0], [1], [9]])
        const centres = Float32Array.of(0, 100)
        const assigned = assign(row_NC, centres)
        assert.deepStrictEqual(Array.from(centresOf(row_NC, assigned, centres)), [0.5, 9])
        const same = tf.tensor2d([[2], [2]])
        const stays = Float32Array.of(2, 7)
        assert.deepStrictEqual(Array.from(centresOf(same, assign(same, stays), stays)), [2, 7])
        tf.dispose([row_NC, same])
      })
    )

    it.effect("starts from different rows where there are as many, and never from one twice", () =>
      Effect.sync(() => {
        const row_NC = tf.tensor2d([[0], [0], [0], [0], [1], [5]])
        for (let seed = 0; seed < 20; seed++) {
          const random = CounterRandom.make(seed, CounterRandom.Purpose.clustering)
          const centres = seedCentres(row_NC, 3, random)
          assert.deepStrictEqual(Array.from(centres).sort(), [0, 1, 5])
        }
        row_NC.dispose()
      })
    )

    it.effect("can be given up between iterations", () =>
      Effect.gen(function* () {
        const row_NC = tf.tensor2d([...clusters.x])
        const fiber = yield* Effect.forkChild(kMeans(row_NC, 4, { seed: 1, restarts: 1e9 }))
        yield* Effect.yieldNow
        yield* Fiber.interrupt(fiber)
        const exit = yield* Fiber.await(fiber)
        assert.strictEqual(exit._tag, "Failure")
        row_NC.dispose()
      })
    )
  })
})

describe("the agreement of two groupings", () => {
  it("is scikit-learn's", () => {
    assert.closeTo(normalisedMutualInformation(clusters.y, clusters.clusters), clusters.nmi, 1e-12)
    assert.closeTo(adjustedRandIndex(clusters.y, clusters.clusters), clusters.ari, 1e-12)
  })

  it("is 1 with itself under other names, and the same both ways", () => {
    fc.assert(
      fc.property(groups, (pairs) => {
        const [a, b] = [pairs.map(([a]) => a), pairs.map(([, b]) => b)]
        for (const agreement of [normalisedMutualInformation, adjustedRandIndex]) {
          const renamed = a.map((group) => 4 - group)
          assert.closeTo(agreement(a, renamed), 1, 1e-9)
          assert.closeTo(agreement(a, b), agreement(b, a), 1e-9)
        }
      })
    )
  })

  it("counts an image that stands twice like two images", () => {
    fc.assert(
      fc.property(groups, fc.infiniteStream(fc.nat(3)), (pairs, stream) => {
        const counts = pairs.map(() => stream.next().value as number)
        const twice = pairs.flatMap((pair, image) => new Array(counts[image]!).fill(pair) as typeof pairs)
        fc.pre(twice.length > 1)
        const [a, b] = [pairs.map(([a]) => a), pairs.map(([, b]) => b)]
        for (const agreement of [normalisedMutualInformation, adjustedRandIndex]) {
          const repeated = agreement(
            twice.map(([a]) => a),
            twice.map(([, b]) => b)
          )
          assert.closeTo(agreement(a, b, counts), repeated, 1e-9)
        }
      })
    )
  })
})
