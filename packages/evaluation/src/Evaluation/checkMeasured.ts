import * as Stage from "@moco/core/Stage"
import { Effect } from "effect"
import type { Evaluation } from "../Evaluation.ts"
import type { Measurement } from "../Measurement.ts"

/**
 * What an evaluation has measured, once it is known to be what it said it would measure: it goes into the log and into
 * checkpoints, which would otherwise be the first to find it wrong, and could not be written.
 */
export const checkMeasured = (
  { metrics, name }: Pick<Evaluation["Service"], "name" | "metrics">,
  found: ReadonlyArray<Measurement>
): Effect.Effect<ReadonlyArray<Measurement>, Stage.StageInvalid> =>
  Effect.as(
    Stage.check(
      `Evaluation ${name}`,
      Stage.that(
        found.length === metrics.length,
        "measurements",
        found.length,
        `must be ${metrics.length}, one for each of its metrics`,
        "give one for each of `metrics`, in their order"
      ),
      ...found.flatMap((measurement, i) => {
        const { evaluation, metric, unit, value } = measurement
        const isNamed = evaluation === name && metric === metrics[i]?.metric
        const isFraction = unit !== "fraction" || (value >= 0 && value <= 1)
        return [
          Stage.that(
            isNamed,
            `measurements[${i}]`,
            `${evaluation}, ${metric}`,
            `must be ${name}, ${metrics[i]?.metric}`,
            "make it by `measured` from the metric"
          ),
          Stage.that(
            Number.isFinite(value),
            metric,
            value,
            "must be a finite number",
            "look at what it divides by"
          ),
          Stage.that(isFraction, metric, value, "is a fraction, and must be 0 to 1", "give it another unit")
        ]
      })
    ),
    found
  )
