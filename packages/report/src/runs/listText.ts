import type { Measurement } from "@moco/evaluation/Measurement"
import { duration } from "../duration.ts"
import { written } from "../quantity.ts"
import type { RunList } from "./list.ts"
import type { RunSummary } from "./summary.ts"
import { columns } from "./text.ts"

const head = ["run", "recipe", "seed", "state", "epochs", "steps", "written", "score", "baseline", "training"]

/** A row for each run, and under it why it is in a state that is not plain; what the scores are of is said once. */
export const listText = ({ isCut, runs }: RunList): string => {
  const rows = columns([head, ...runs.map(rowOf)], [2, 4, 5, 7, 8, 9])
  const lines = runs.flatMap((run, i) => [
    rows[i + 1]!,
    ...(run.reason === null ? [] : columns([[`    ${run.reason}`]]))
  ])
  const notes = isCut ? ["there is more below: name a folder nearer to the runs"] : []
  return [rows[0]!, ...lines, ...legend(runs), ...notes].join("\n")
}

const rowOf = ({
  baseline,
  epochs,
  name,
  recipe,
  score,
  seed,
  state,
  steps,
  trainingSeconds,
  writtenAt
}: RunSummary) => [
  name,
  recipe ?? "-",
  seed === null ? "-" : String(seed),
  state,
  `${epochs.done}/${epochs.of ?? "-"}`,
  String(steps.done),
  // To the minute, in UTC.
  writtenAt === null ? "-" : writtenAt.slice(0, 16).replace("T", " "),
  valueOf(score),
  valueOf(baseline),
  trainingSeconds === null ? "-" : duration(trainingSeconds)
]

const valueOf = (found: Measurement | null) => (found === null ? "-" : written(found, found.value))

/** Which metrics stand in the columns, by which runs they are where there are several. */
const legend = (runs: ReadonlyArray<RunSummary>): ReadonlyArray<string> => {
  const scores = runs.flatMap(({ score }) => (score === null ? [] : [score]))
  const metrics = [...new Set(scores.map(({ metric }) => metric))]
  if (metrics.length === 0) return []
  const subjects = [...new Set(runs.flatMap(({ baseline }) => (baseline === null ? [] : [baseline.subject])))]
  const beside = subjects.length === 0 ? "" : `; baseline: the best of ${subjects.join(", ")}`
  return [
    "",
    ...columns([[`score: ${metrics.join(", or ")} of the trained encoder${beside}; times are UTC`]])
  ]
}
