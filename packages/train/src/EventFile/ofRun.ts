import type { Measurement } from "@moco/evaluation/Measurement"
import { Effect, Layer } from "effect"
import { EventFile, type Scalar } from "../EventFile.ts"
import { type RunEvent, RunLog, readEvaluations } from "../RunLog.ts"
import { allStepMetrics, training } from "../stepMetrics.ts"

/** Steps of a run whose numbers are all told; of a longer one, every second, third, ... step is. */
export const maxSteps = 10_000

/**
 * Tells the event file what the log below has recorded, and where the run goes on: at `step` now, and further back where it
 * goes back. What is told then stays told of the steps before; of the step itself, the evaluations that the log has.
 *
 * @param metrics  the file of the log below
 */
export const layerEventFile = (metrics: string, step: number) =>
  Layer.effect(
    RunLog,
    Effect.gen(function* () {
      const below = yield* RunLog
      const events = yield* EventFile
      const services = yield* Effect.context<Effect.Services<ReturnType<typeof readEvaluations>>>()
      const distributionAt = (step: number) => (measurement: Measurement) =>
        measurement.distribution === undefined
          ? Effect.void
          : // A tag is of one kind: its mean has the other.
            events.histogram(`distribution/${scalarOf(measurement).tag}`, step, measurement.distribution)
      const goOnAt = Effect.fnUntraced(function* (at: number) {
        yield* events.goOnAt(at)
        // A log that cannot be read is told by whoever needs it.
        const evaluations = yield* Effect.orElseSucceed(readEvaluations(metrics, at), () => [])
        for (const { measurements, step, time } of evaluations) {
          yield* events.scalars(step, measurements.map(scalarOf), Date.parse(time))
          yield* Effect.forEach(measurements, distributionAt(step), { discard: true })
        }
      }, Effect.provide(services))
      const tell = (event: RunEvent): Effect.Effect<void> => {
        switch (event.event) {
          case "step":
            return events.scalars(event.step, isTold(event) ? stepScalars(event) : [])
          case "evaluation":
            return Effect.andThen(
              events.scalars(event.step, event.measurements.map(scalarOf)),
              Effect.forEach(event.measurements, distributionAt(event.step), { discard: true })
            )
          case "rolledBack":
            return goOnAt(event.step)
          case "finished":
            return events.flush
          default:
            return Effect.void
        }
      }
      yield* goOnAt(step)
      return RunLog.of({
        ...below,
        record: (event) => Effect.andThen(below.record(event), tell(event)),
        flush: Effect.tap(below.flush, () => events.flush)
      })
    })
  )

type StepEvent = Extract<RunEvent, { readonly event: "step" }>

/** Whether a step is one of those that are told; the first is. */
const isTold = ({ numSteps, step }: StepEvent): boolean => step % Math.ceil(numSteps / maxSteps) === 0

/** Numbers of a step under `training/`, by their keys in the log; the state of a loss under `lossState/`. */
const stepScalars = ({ lossState = {}, metrics }: StepEvent): ReadonlyArray<Scalar> => [
  ...Object.entries(metrics).map(([key, value]) => ({
    tag: `${training}/${key}`,
    value,
    about: aboutOf(key)
  })),
  ...Object.entries(lossState).map(([key, value]) => ({ tag: `lossState/${key}`, value }))
]

const aboutOf = (key: string): Scalar["about"] => {
  const about = allStepMetrics[key]
  return about && { title: about.metric, description: sentence(about) }
}

/** A measurement under its evaluation, metric and subject. */
const scalarOf = (measurement: Measurement): Scalar => {
  const { evaluation, metric, subject, value } = measurement
  const about = { title: `${metric}: ${subject}`, description: sentence(measurement) }
  return { tag: `${evaluation}/${metric}/${subject}`, value, about }
}

const sentence = ({ protocol, unit }: Pick<Measurement, "protocol" | "unit">): string =>
  unit === "" ? protocol : `${protocol} (${unit})`
