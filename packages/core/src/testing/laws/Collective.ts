import { assert, describe, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, type Layer } from "effect"
import { Backend } from "../../Backend.ts"
import { Collective } from "../../Collective.ts"

/**
 * What holds for every collective, seen from one of its processes.
 *
 * @param layer  a process whose fellows are given the same rows and counts
 */
export const collectiveLaws = <E>(name: string, layer: Layer.Layer<never, E>) => {
  const within = <A>(test: (processes: typeof Collective.Service) => A) =>
    Effect.gen(function* () {
      yield* Backend
      const processes = yield* Collective
      tf.tidy(() => test(processes) as undefined)
    }).pipe(Effect.provide([layer, Backend.layerCpu]))

  const row_ND = () => tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2])

  describe(`Collective: ${name}`, () => {
    it.effect("knows its place among the processes", () =>
      within(({ rank, size }) => {
        assert.isTrue(Number.isInteger(size) && size >= 1)
        assert.isTrue(Number.isInteger(rank) && rank >= 0 && rank < size)
      })
    )

    it.effect("leaves a mean of equal tensors as it is, by the same names", () =>
      within(({ allReduceMean }) => {
        const mean = allReduceMean({ a: row_ND(), b: tf.scalar(7) })
        assert.deepStrictEqual(Object.keys(mean), ["a", "b"])
        assert.deepStrictEqual(Array.from(mean["a"]!.dataSync()), [1, 2, 3, 4, 5, 6])
        assert.deepStrictEqual(Array.from(mean["b"]!.dataSync()), [7])
      })
    )

    it.effect("gathers the rows of every process, its own at its place", () =>
      within(({ allGather, rank, size }) => {
        const gathered_MD = allGather(row_ND())
        assert.deepStrictEqual(gathered_MD.shape, [3 * size, 2])
        const own = Array.from(tf.slice2d(gathered_MD, [3 * rank, 0], [3, 2]).dataSync())
        assert.deepStrictEqual(own, [1, 2, 3, 4, 5, 6])
      })
    )

    it.effect("adds counts up", () =>
      within(({ size, total }) => {
        assert.strictEqual(total(0), 0)
        assert.strictEqual(total(3), 3 * size)
      })
    )
  })
}
