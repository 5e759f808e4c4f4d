import { assert, layer } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { Property } from "@moco/core/testing"
import { Dataset, DatasetUnreadable, type OwnDataset } from "@moco/data/Dataset"
import { make as makeSource } from "@moco/data/ImageSource"
import { type Readings, reordered } from "@moco/data/testing"
import { ViewPairs } from "@moco/data/ViewPairs"
import { Effect, Layer } from "effect"
import fc from "fast-check"
import { augmented, batchesOf, batchSize, mixed, synthetic } from "./pairs.ts"

layer(Backend.layerCpu)("ViewPairs reading ahead", (it) => {
  const train = Dataset.pipe(
    Effect.map((dataset) => dataset.train),
    Effect.provide(synthetic)
  )

  it.effect(
    "always gives the same bits, however far ahead it reads, whoever answers first, whatever step is next",
    () =>
      Effect.gen(function* () {
        const fixed: OwnDataset = { name: "fixed", train: yield* train }
        for (const own of [fixed, mixed]) {
          const source = yield* Effect.map(Dataset.make(own), (dataset) => dataset.train)
          yield* Property.check(
            fc.tuple(
              fc.nat(4),
              fc.array(fc.nat(30), { minLength: 1, maxLength: 6 }),
              fc.array(fc.nat(9), { minLength: 1, maxLength: 7 })
            ),
            ([prefetch, steps, turns]) =>
              Effect.gen(function* () {
                const readings: Readings = { begun: 0, ended: 0 }
                let numRead = 0
                const slow = reordered(source, () => turns[numRead++ % turns.length]!, readings)
                const { mean, std } = {
                  mean: Array(source.channels).fill(0.4),
                  std: Array(source.channels).fill(0.2)
                }
                const plain = yield* batchesOf({ ...own, mean, std }, steps, 0)
                assert.deepStrictEqual(
                  yield* batchesOf({ ...own, mean, std, train: slow }, steps, prefetch),
                  plain
                )
                // One for the rehearsal, one a step; what has been begun ahead has ended with the layer.
                assert.isAtLeast(readings.begun, 1 + new Set(steps).size)
                assert.strictEqual(readings.ended, readings.begun)
              }),
            { numRuns: 30 }
          )
        }
      })
  )

  it.effect("tells what a reading fails with in the step that needs the images, and in no other", () =>
    Effect.gen(function* () {
      const source = yield* train
      const failure = new DatasetUnreadable({
        file: "images/7.png",
        hint: "look at the disk",
        cause: new Error("EIO")
      })
      const failing = makeSource({
        ...source,
        read: (indices) => (indices.includes(7) ? Effect.fail(failure) : source.read(indices))
      })
      const views = ViewPairs.layer({ seed: 1, batchSize, prefetch: 2 }).pipe(
        Layer.provide(augmented),
        Layer.provide(Dataset.layerOf({ name: "failing", train: failing, mean: [0.4], std: [0.2] }))
      )
      const outcomes = yield* Effect.flatMap(ViewPairs, ({ batch }) =>
        Effect.forEach([0, 1, 2, 3, 4, 5], (step) => Effect.result(batch(step)))
      ).pipe(Effect.provide(views), Effect.scoped)
      const whole = yield* batchesOf({ name: "whole", train: source }, [0, 1, 2, 3, 4, 5], 0)
      assert.deepStrictEqual(
        outcomes.map(({ _tag }) => _tag === "Failure"),
        whole.map(({ indices }) => indices.includes(7))
      )
      const errors = outcomes.flatMap((outcome) => (outcome._tag === "Failure" ? [outcome.failure] : []))
      assert.isNotEmpty(errors)
      for (const error of errors) assert.strictEqual(error, failure)
    })
  )

  it.effect("refuses to read ahead by less than nothing", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(batchesOf({ name: "fixed", train: yield* train }, [0], -1))
      assert.include(error.message, "ViewPairs: prefetch = -1: must be an integer of at least 0")
    })
  )
})
