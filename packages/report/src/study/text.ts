import * as Escape from "@moco/core/Escape"
import type { CellReport, Estimate } from "@moco/study/Report"
import type { StudyResults, Verdict } from "@moco/study/results"
import { isSame, renderSettings } from "@moco/study/settings"
import { percent } from "../percent.ts"

/** A table as rows of cells; the first row is the head. */
export type Table = ReadonlyArray<ReadonlyArray<string>>

/** Differences are small, and a 0.0 would not tell on which side of 0 an interval ends. */
const points = (fraction: number) => (100 * fraction).toFixed(2)
const signed = (fraction: number) => `${fraction < 0 ? "-" : "+"}${points(Math.abs(fraction))}`
const interval = ({ ci }: Estimate, format: (fraction: number) => string) =>
  ci === undefined ? "-" : `${format(ci.low)} to ${format(ci.high)}`

/** One row a cell: mean, standard deviation, number of seeds and interval, in %; and what a paper has there. */
export const cellTable = ({ cells, neighbours, published }: StudyResults): Table => {
  const axes = Object.keys(cells[0]?.settings ?? {})
  const paper = ({ settings }: CellReport) =>
    published?.figures.find((figure) => isSame(figure.settings, settings))?.percent.toFixed(1) ?? "-"
  const withPaper = (columns: ReadonlyArray<string>, column: string) =>
    published === undefined ? columns : [...columns, column]
  return [
    withPaper(
      [...axes, `kNN (k = ${neighbours}), %`, "std", "n", "95 % interval", "steps", "failed"],
      "paper"
    ),
    ...cells.map((cell) =>
      withPaper([...axes.map((axis) => String(cell.settings[axis])), ...cellColumns(cell)], paper(cell))
    )
  ]
}

const cellColumns = ({ accuracy, failures, numSteps }: CellReport): ReadonlyArray<string> => {
  const failed = failures.length === 0 ? "" : String(failures.length)
  if (accuracy === undefined) return ["-", "-", "0", "-", "-", failed]
  const std = accuracy.std === undefined ? "-" : percent(accuracy.std)
  const steps = numSteps === undefined ? "-" : String(numSteps)
  return [percent(accuracy.mean), std, String(accuracy.n), interval(accuracy, percent), steps, failed]
}

/** One row a cell that has a reference: the differences by seed, in percentage points. */
export const comparisonTable = ({ comparisons }: StudyResults): Table => [
  ["cell", "minus", "points", "std", "n", "95 % interval"],
  ...comparisons.map(({ difference, reference, settings }) => [
    renderSettings(settings),
    renderSettings(reference),
    ...(difference === undefined
      ? ["-", "-", "0", "-"]
      : [
          signed(difference.mean),
          difference.std === undefined ? "-" : points(difference.std),
          String(difference.n),
          interval(difference, signed)
        ])
  ])
]

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
  ...contrasts.map(({ estimate, label, numFailed }) => {
    const failed = numFailed === 0 ? "" : `; ${numFailed} runs of these cells failed`
    if (estimate === undefined) return `${text(label)}: no seed has finished in all of these cells${failed}`
    const found = `${signed(estimate.mean)} points, 95 % interval ${interval(estimate, signed)}`
    return `${text(label)}: ${found}, n = ${estimate.n}${failed}`
  })
]

/** Everything in words and aligned columns, for a terminal. */
export const studyTable = (results: StudyResults): string => {
  const { rawPixels, untrainedEncoder } = results.baselines
  const baseline = (name: string, value: number | undefined) =>
    value === undefined ? [] : [`${name}: ${percent(value)} %`]
  return [
    aligned(cellTable(results)),
    [...baseline("raw pixels", rawPixels), ...baseline("untrained encoder", untrainedEncoder)].join(", "),
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
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)))
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

/** The cells as comma-separated values; accuracies are fractions, with all their digits. */
export const studyCsv = ({ cells, study }: StudyResults): string => {
  const axes = Object.keys(cells[0]?.settings ?? {})
  const head = ["study", ...axes, "mean", "std", "n", "ci_low", "ci_high", "failed", "seeds", "accuracies"]
  const rows = cells.map(({ accuracy, failures, settings, values }) => [
    study,
    ...axes.map((axis) => settings[axis]),
    accuracy?.mean,
    accuracy?.std,
    accuracy?.n ?? 0,
    accuracy?.ci?.low,
    accuracy?.ci?.high,
    failures.length,
    values.map(({ seed }) => seed).join(" "),
    values.map((value) => value.accuracy).join(" ")
  ])
  return `${[head, ...rows].map((row) => row.map(Escape.csv).join(",")).join("\n")}\n`
}

/** What a program wants to know, on one line; accuracies are fractions. */
export const studyJson = (results: StudyResults): string => {
  const { comparisons, neighbours, numCompleted, numFailed, numTrials, seconds, study, verdicts } = results
  const cells = results.cells.map(({ accuracy, failures, settings, values }) => ({
    setting: renderSettings(settings),
    settings,
    mean: accuracy?.mean ?? null,
    std: accuracy?.std ?? null,
    n: accuracy?.n ?? 0,
    ci: accuracy?.ci === undefined ? null : [accuracy.ci.low, accuracy.ci.high],
    values,
    failures
  }))
  return JSON.stringify({
    study,
    metric: `kNN accuracy, k = ${neighbours}`,
    cells,
    baselines: results.baselines,
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
