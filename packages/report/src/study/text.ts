import * as Escape from "@moco/core/Escape"
import type { CellReport, Estimate } from "@moco/study/Report"
import type { StudyResults, Verdict } from "@moco/study/results"
import { isSame, renderSettings } from "@moco/study/settings"
import { largest } from "../extent.ts"
import { columnHead, digits, notationOf, written } from "../quantity.ts"

/** A table as rows of cells; the first row is the head. */
export type Table = ReadonlyArray<ReadonlyArray<string>>

/** How a difference of values of a unit is written, with its sign. */
const signedIn = (unit: string) => {
  const { digits } = notationOf(unit).difference
  return (value: number) => `${value < 0 ? "-" : "+"}${digits(Math.abs(value))}`
}
const interval = ({ ci }: Estimate, format: (fraction: number) => string) =>
  ci === undefined ? "-" : `${format(ci.low)} to ${format(ci.high)}`

/** One row a cell: mean, standard deviation, number of seeds and interval; and what a paper has there, in %. */
export const cellTable = ({ cells, metric, published }: StudyResults): Table => {
  const axes = Object.keys(cells[0]?.settings ?? {})
  const paper = ({ settings }: CellReport) =>
    published?.figures.find((figure) => isSame(figure.settings, settings))?.percent.toFixed(1) ?? "-"
  const withPaper = (columns: ReadonlyArray<string>, column: string) =>
    published === undefined ? columns : [...columns, column]
  return [
    withPaper([...axes, columnHead(metric), "std", "n", "95 % interval", "steps", "failed"], "paper"),
    ...cells.map((cell) =>
      withPaper(
        [...axes.map((axis) => String(cell.settings[axis])), ...cellColumns(cell, metric)],
        paper(cell)
      )
    )
  ]
}

const cellColumns = (
  { estimate, failures, numSteps }: CellReport,
  metric: StudyResults["metric"]
): ReadonlyArray<string> => {
  const failed = failures.length === 0 ? "" : String(failures.length)
  if (estimate === undefined) return ["-", "-", "0", "-", "-", failed]
  const inDigits = (value: number) => digits(metric, value)
  const std = estimate.std === undefined ? "-" : inDigits(estimate.std)
  const steps = numSteps === undefined ? "-" : String(numSteps)
  return [inDigits(estimate.mean), std, String(estimate.n), interval(estimate, inDigits), steps, failed]
}

/** One row a cell that has a reference: the differences by seed, of parts in percentage points. */
export const comparisonTable = ({ comparisons, metric: { unit } }: StudyResults): Table => {
  const { digits, unit: called } = notationOf(unit).difference
  const signed = signedIn(unit)
  const rows = comparisons.map(({ difference, reference, settings }) => [
    renderSettings(settings),
    renderSettings(reference),
    ...(difference === undefined
      ? ["-", "-", "0", "-"]
      : [
          signed(difference.mean),
          difference.std === undefined ? "-" : digits(difference.std),
          String(difference.n),
          interval(difference, signed)
        ])
  ])
  return [["cell", "minus", called === "" ? "difference" : called, "std", "n", "95 % interval"], ...rows]
}

const words = {
  supports: "these runs support it",
  contradicts: "these runs contradict it",
  "cannot tell": "these runs cannot tell"
} as const

/** How the words of a study are set: `text` escapes what its file says, `strong` stresses what we say. */
interface Typography {
  readonly text: (foreign: string) => string
  readonly strong: (own: string) => string
}

/** For a terminal. */
const plain: Typography = { text: Escape.line, strong: (own) => own }

/** For Markdown. */
export const inMarkdown: Typography = { text: Escape.markdownBlock, strong: (own) => `**${own}**` }

/** A claim of the paper, and what the runs say about it. */
export const verdictLines = (
  { claim, contrasts, verdict }: Verdict,
  { strong, text }: Typography
): ReadonlyArray<string> => [
  `${text(claim.statement)}: ${strong(words[verdict])}`,
  `paper: ${text(claim.paper)}`,
  ...contrasts.map(({ estimate, label, numFailed, unit }) => {
    const failed = numFailed === 0 ? "" : `; ${numFailed} runs of these cells failed`
    if (estimate === undefined) return `${text(label)}: no seed has finished in all of these cells${failed}`
    const signed = signedIn(unit)
    const called = [signed(estimate.mean), text(notationOf(unit).difference.unit)].filter(
      (word) => word !== ""
    )
    const found = `${called.join(" ")}, 95 % interval ${interval(estimate, signed)}`
    return `${text(label)}: ${found}, n = ${estimate.n}${failed}`
  })
]

/** Everything in words and aligned columns, for a terminal. */
export const studyTable = (results: StudyResults): string => {
  return [
    aligned(cellTable(results)),
    plain.text(
      results.baselines.map((found) => `${found.subject}: ${written(found, found.value)}`).join(", ")
    ),
    ...(results.published === undefined ? [] : [`paper: ${plain.text(results.published.source)}`]),
    ...(results.comparisons.length > 0 ? ["", "paired by seed", aligned(comparisonTable(results))] : []),
    ...results.verdicts.flatMap((verdict) => {
      const [first, ...rest] = verdictLines(verdict, plain)
      return ["", first!, ...rest.map((line) => `  ${line}`)]
    }),
    ...failureLines(results).map((line) => `failed: ${plain.text(line)}`)
  ].join("\n")
}

/** One line for each failed run, to be escaped. */
export const failureLines = ({ cells }: StudyResults): ReadonlyArray<string> =>
  cells.flatMap(({ failures, settings }) =>
    failures.map(({ reason, seed }) => `${renderSettings(settings)}, seed ${seed}: ${reason.split("\n")[0]}`)
  )

const aligned = (foreign: Table): string => {
  const table = foreign.map((row) => row.map(plain.text))
  const widths = table[0]!.map((_, column) => largest(table.map((row) => row[column]!.length)))
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd()
    )
    .join("\n")
}

/** A table in Markdown. */
export const markdown = (table: Table): string => {
  const line = (row: ReadonlyArray<string>) => `| ${row.map(Escape.markdown).join(" | ")} |`
  const [head, ...rows] = table
  return [line(head!), `|${head!.map(() => "---|").join("")}`, ...rows.map(line)].join("\n")
}

/** The cells as comma-separated values, in the metric's unit (a part is a fraction) with all their digits. */
export const studyCsv = ({ cells, metric, study }: StudyResults): string => {
  const axes = Object.keys(cells[0]?.settings ?? {})
  const numbers = ["mean", "std", "n", "ci_low", "ci_high", "failed", "seeds", "values"]
  const head = ["study", ...axes, "metric", "unit", ...numbers]
  const rows = cells.map(({ estimate, failures, settings, values }) => [
    study,
    ...axes.map((axis) => settings[axis]),
    metric.metric,
    metric.unit,
    estimate?.mean,
    estimate?.std,
    estimate?.n ?? 0,
    estimate?.ci?.low,
    estimate?.ci?.high,
    failures.length,
    values.map(({ seed }) => seed).join(" "),
    values.map(({ value }) => value).join(" ")
  ])
  return `${[head, ...rows].map((row) => row.map(Escape.csv).join(",")).join("\n")}\n`
}

/** What a program wants to know, on one line; parts are fractions. */
export const studyJson = (results: StudyResults): string => {
  const { baselines, comparisons, metric, numCompleted, numFailed, numTrials, seconds, study, verdicts } =
    results
  const cells = results.cells.map(({ estimate, failures, settings, values }) => ({
    setting: renderSettings(settings),
    settings,
    mean: estimate?.mean ?? null,
    std: estimate?.std ?? null,
    n: estimate?.n ?? 0,
    ci: estimate?.ci === undefined ? null : [estimate.ci.low, estimate.ci.high],
    values,
    failures
  }))
  return JSON.stringify({
    study,
    metric,
    cells,
    baselines,
    comparisons,
    claims: verdicts.map(({ claim, contrasts, verdict }) => ({
      statement: claim.statement,
      verdict,
      contrasts
    })),
    numTrials,
    numCompleted,
    numFailed,
    seconds
  })
}
