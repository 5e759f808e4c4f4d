import { inOrder } from "@moco/evaluation/inOrder"
import { isBetter, type Measurement, withNewer } from "@moco/evaluation/Measurement"
import { isBaseline, trainedEncoder } from "@moco/evaluation/subjects"
import type { DrawnRun } from "../../charts/runChart/curves.ts"

/** The newest of what was measured of every subject. */
export const lastMeasurements = ({ events }: DrawnRun): ReadonlyArray<Measurement> =>
  inOrder(
    events
      .flatMap((event) => (event.event === "evaluation" ? [event.measurements] : []))
      .reduce(withNewer, [])
  )

/** A metric with what it is of every subject. */
export interface Row {
  /** Of any of the subjects: name, unit, direction, protocol. */
  readonly metric: Measurement
  readonly trained: Measurement | undefined
  readonly baselines: ReadonlyArray<Measurement>
  /** Of the baselines by this metric, where one direction is better. */
  readonly best: Measurement | undefined
}

/** One row a metric, in order of appearance. */
export const rowsOf = (measurements: ReadonlyArray<Measurement>): ReadonlyArray<Row> =>
  [...Map.groupBy(measurements, ({ metric }) => metric).values()].map((found): Row => {
    const baselines = found.filter(isBaseline)
    return {
      metric: found[0]!,
      trained: found.find(({ subject }) => subject === trainedEncoder),
      baselines,
      best: bestOf(baselines)
    }
  })

const bestOf = (baselines: ReadonlyArray<Measurement>): Measurement | undefined => {
  const finite = baselines.filter(({ value }) => Number.isFinite(value))
  const [first] = finite
  if (first === undefined || first.higherIsBetter === null) return undefined
  return finite.reduce((best, other) => (isBetter(other, other.value, best.value) ? other : best))
}
