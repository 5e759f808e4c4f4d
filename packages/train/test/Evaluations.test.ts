import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { Evaluation } from "@moco/evaluation/Evaluation"
import { Evaluations } from "@moco/evaluation/Evaluations"
import { type Metric, measured } from "@moco/evaluation/Measurement"
import { Checkpoints } from "@moco/train/Checkpoints"
import { pretrain } from "@moco/train/Pretrain"
import { RecordedEvents, RunLog } from "@moco/train/RunLog"
import { Effect, Layer } from "effect"
import { inTemporary, runOf } from "./checkpointedRun.ts"
import { tinyRun } from "./tinyRun.ts"

const metricOf = (evaluation: string, higherIsBetter: boolean | null = true): Metric => ({
  ...{ evaluation, metric: `${evaluation} error`, unit: "", higherIsBetter },
  protocol: "made up"
})

/** An evaluation that measures `values` one after the other. */
const madeUp = (
  name: string,
  everyEpochs: number,
  values: ReadonlyArray<number>,
  higherIsBetter: boolean | null = true
) => {
  const left = [...values]
  const metric = metricOf(name, higherIsBetter)
  return Layer.succeed(
    Evaluation,
    Evaluation.of({
      ...{ name, everyEpochs, metrics: [metric] },
      evaluate: ({ subject }) => Effect.sync(() => [measured(metric, subject, left.shift() ?? 0)])
    })
  )
}

const evaluatedWith = (...layers: ReadonlyArray<Layer.Layer<Evaluation>>) =>
  Layer.provideMerge(Evaluations.layer(layers), tinyRun()).pipe(
    Layer.provideMerge(Backend.layerTensorflow({ threads: 2 })),
    Layer.merge(Layer.merge(RunLog.layerMemory, Checkpoints.layerNone))
  )

const evaluated = Effect.gen(function* () {
  const events = yield* (yield* RecordedEvents).all
  return events.flatMap((event) =>
    event.event === "evaluation"
      ? event.measurements.map(({ evaluation, subject }) => [evaluation, subject, event.step])
      : []
  )
})

describe("The evaluations of a run", () => {
  it.effect("are each done when they are due, beside each other, with baselines of their own", () =>
    Effect.gen(function* () {
      const { measurements } = yield* pretrain({ numEpochs: 3 })
      const [pixels, untrained, trained] = ["raw pixels", "untrained encoder", "trained encoder"]
      assert.deepStrictEqual(yield* evaluated, [
        ["often", pixels, 0],
        ["often", untrained, 0],
        ["often", trained, 8],
        ["seldom", pixels, 0],
        ["seldom", untrained, 0],
        ["often", trained, 16],
        ["seldom", trained, 16],
        ["often", trained, 24],
        ["seldom", trained, 24]
      ])
      assert.lengthOf(measurements, 6)
    }).pipe(Effect.provide(evaluatedWith(madeUp("often", 1, []), madeUp("seldom", 2, []))))
  )

  it.effect("may be none: a run trains without", () =>
    Effect.gen(function* () {
      const result = yield* pretrain({ numEpochs: 1 })
      assert.deepInclude(result, { outcome: "completed", numSteps: 8, measurements: [] })
      assert.deepStrictEqual(yield* evaluated, [])
    }).pipe(Effect.provide(evaluatedWith()))
  )

  it.effect("measure only what they apply to, log nothing of the rest, and do not come back to it", () =>
    Effect.gen(function* () {
      const { measurements } = yield* pretrain({ numEpochs: 2 })
      assert.deepStrictEqual(yield* evaluated, [["ceiling", "untrained encoder", 0]])
      assert.deepStrictEqual(
        measurements.map(({ value }) => value),
        [7]
      )
      const events = yield* (yield* RecordedEvents).all
      assert.lengthOf(
        events.filter(({ event }) => event === "evaluation"),
        1
      )
    }).pipe(
      Effect.provide(
        evaluatedWith(
          Layer.effect(
            Evaluation,
            Effect.map(Evaluation, (made) => ({
              ...made,
              appliesTo: ({ encoder }) => encoder?.isUntrained === true
            }))
          ).pipe(Layer.provide(madeUp("ceiling", 1, [7])))
        )
      )
    )
  )

  const best = (direction: boolean | null) =>
    inTemporary((root) =>
      Effect.gen(function* () {
        // Both baselines, then the encoder after 8, 16 and 24 steps.
        const first = madeUp("first", 1, [0, 0, 3, 1, 2], direction)
        const second = madeUp("second", 1, [0, 0, 0, 0, 9])
        let progress: unknown
        const kept = Effect.updateService(Checkpoints, (all) => ({
          ...all,
          save: (step: number, asked: Parameters<typeof all.save>[1]) =>
            all.save(
              step,
              Effect.map(asked, (found) => {
                progress = found.best
                return found
              })
            )
        }))
        yield* kept(pretrain({ numEpochs: 3 })).pipe(
          Effect.provide(Layer.provideMerge(Evaluations.layer([first, second]), runOf(root, {}, {})))
        )
        const expected =
          direction === null
            ? undefined
            : {
                ...{ evaluation: "first", metric: "first error" },
                ...(direction ? { step: 8, value: 3 } : { step: 16, value: 1 })
              }
        assert.deepStrictEqual(progress, expected)
      })
    )
  it.effect("decide which state is the best by the first metric of the first, the higher the better", () =>
    best(true)
  )
  it.effect("or the lower the better, as the metric says", () => best(false))
  it.effect("or know none where the metric has no direction", () => best(null))

  it.effect("are refused where two have one name", () =>
    Effect.gen(function* () {
      const twice = Evaluations.layer([madeUp("same", 1, []), madeUp("same", 1, [])])
      const error = yield* Effect.flip(Layer.build(twice))
      assert.include(error.message, 'Evaluations: name = "same": is the name of two of them')
      const never = yield* Effect.flip(Layer.build(Evaluations.layer([madeUp("never", 0, [])])))
      assert.include(never.message, "never.everyEpochs = 0")
    }).pipe(Effect.scoped)
  )
})
