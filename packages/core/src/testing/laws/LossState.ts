import { assert, it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Exit, type Layer } from "effect"
import fc from "fast-check"
import { Backend } from "../../Backend.ts"
import { ContrastiveLoss, stateOf } from "../../ContrastiveLoss.ts"
import type { LossNumbers } from "../../LossState.ts"
import { perQuery } from "../../Similarities.ts"
import type { StageInvalid } from "../../Stage.ts"
import type { SnapshotMismatch } from "../../Tensor.ts"
import * as Property from "../Property.ts"
import * as TensorLeak from "../TensorLeak.ts"

/** Cosines of a step: the positive and K negatives of each query. */
export interface Cosines {
  readonly positives: ReadonlyArray<number>
  readonly negatives: ReadonlyArray<ReadonlyArray<number>>
}

/** The loss of similarities that are written down, the closest negatives, and what the loss's state is told. */
export const compareCosines = (loss: ContrastiveLoss["Service"], { negatives, positives }: Cosines) =>
  tf.tidy(() => {
    const positive_N1 = tf.tensor2d([...positives], [positives.length, 1])
    const negative_NK = tf.tensor2d(negatives.map((row) => [...row]))
    const compared = loss.compare({ positive_N1, negatives: perQuery(negative_NK) }, tf.keep)
    const { closest_N1, mean, observation } = compared
    const read = { mean: mean.dataSync()[0]!, closest: Array.from(closest_N1.dataSync()), observation }
    closest_N1.dispose()
    return read
  })

/** A step of `loss`, up to its commit. */
export const settleOn = (loss: ContrastiveLoss["Service"], cosines: Cosines, fill = 1) => {
  const { observation } = compareCosines(loss, cosines)
  return stateOf(loss).settle(observation === undefined ? [] : [observation], fill)
}

/** What every loss keeps to with its state, whether it has one or not. */
export const lossStateLaws = (
  variant: Layer.Layer<ContrastiveLoss, StageInvalid>,
  cosines: fc.Arbitrary<Cosines>
) => {
  const law = (
    title: string,
    test: (
      loss: ContrastiveLoss["Service"],
      steps: ReadonlyArray<Step>
    ) => Effect.Effect<void, SnapshotMismatch>
  ) =>
    it.effect(title, () =>
      Effect.gen(function* () {
        yield* Backend
        const loss = yield* ContrastiveLoss
        const { restore, snapshot } = stateOf(loss)
        const begin = snapshot()
        const cases = Property.check(steps, (taken) => Effect.andThen(restore(begin), test(loss, taken)))
        yield* TensorLeak.check(cases)
      }).pipe(Effect.provide([variant, Backend.layerTensorflow({ threads: 2 })]))
    )
  const fill = fc.double({ min: 0, max: 1, noNaN: true })
  const steps = fc.array(fc.record({ cosines, fill }), { minLength: 1, maxLength: 4 })

  const take = (loss: ContrastiveLoss["Service"], steps: ReadonlyArray<Step>) =>
    steps.map(({ cosines, fill }) => {
      const { mean } = compareCosines(loss, cosines)
      settleOn(loss, cosines, fill).commit()
      return mean
    })

  law("never changes its state before the commit, and then to what the step tells", (loss, steps) =>
    Effect.sync(() => {
      const { snapshot } = stateOf(loss)
      for (const { cosines, fill } of steps) {
        const before = snapshot()
        const settled = settleOn(loss, cosines, fill)
        assert.deepStrictEqual(snapshot(), before)
        settled.commit()
        assert.deepStrictEqual(snapshot(), settled.numbers ?? {})
      }
    })
  )

  law("goes on to the bit from a snapshot that was written down, whatever came after it", (loss, steps) =>
    Effect.gen(function* () {
      const { restore, snapshot } = stateOf(loss)
      const half = steps.length >> 1
      const [before, rest] = [steps.slice(0, half), steps.slice(half)]
      take(loss, before)
      const written: LossNumbers = JSON.parse(JSON.stringify(snapshot()))
      const whole = { losses: take(loss, rest), state: snapshot() }
      yield* restore(written)
      assert.deepStrictEqual(snapshot(), written)
      assert.deepStrictEqual({ losses: take(loss, rest), state: snapshot() }, whole)
    })
  )

  law(
    "refuses a snapshot that lacks a number or has one too many, and then goes on as it was",
    (loss, steps) =>
      Effect.gen(function* () {
        const { restore, snapshot } = stateOf(loss)
        take(loss, steps)
        const before = snapshot()
        const without = Object.keys(before).map((name) => {
          const { [name]: _, ...others } = before
          return others
        })
        for (const wrong of [...without, { ...before, foreign: 1 }]) {
          assert.isTrue(Exit.isFailure(yield* Effect.exit(restore(wrong))))
          assert.deepStrictEqual(snapshot(), before)
        }
      })
  )
}

interface Step {
  readonly cosines: Cosines
  /** Part of the negatives that are features. */
  readonly fill: number
}
