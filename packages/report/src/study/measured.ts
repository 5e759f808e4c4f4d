import type { Study } from "@moco/study/Study"
import { renderSettings } from "@moco/study/settings"
import type { TrialRecord } from "@moco/study/TrialRecord"
import type { Measured } from "../html/run/ways.ts"

/** What the runs of a study have measured of what it is about: its metric, and those that its claims compare. */
export const measuredOf = ({
  records,
  study: { definition, metric }
}: {
  readonly study: Pick<Study, "definition" | "metric">
  readonly records: ReadonlyArray<TrialRecord>
}): ReadonlyArray<Measured> => {
  const claimed = (definition.claims ?? []).flatMap(({ contrasts }) =>
    contrasts.flatMap((contrast) => contrast.metric ?? [])
  )
  const wanted = [...new Set([metric.metric, ...claimed])]
  const found = records.flatMap(
    (record): ReadonlyArray<Measured> =>
      record.outcome === "failed"
        ? []
        : [
            {
              name: `${renderSettings(record.settings)}, seed ${record.seed}`,
              metrics: wanted.flatMap((name) => record.measurements.find((one) => one.metric === name) ?? [])
            }
          ]
  )
  // What it will be, where no run has measured it.
  return found.some(({ metrics }) => metrics.length > 0) ? found : [{ name: "planned", metrics: [metric] }]
}
