import * as Escape from "@moco/core/Escape"
import * as SafeFile from "@moco/core/SafeFile"
import type { StudyResults } from "@moco/study/results"
import type { Study } from "@moco/study/Study"
import { encodeTrial } from "@moco/study/StudyRecord"
import type { TrialRecord } from "@moco/study/TrialRecord"
import { shorten } from "@moco/train/RunConfig/Problem"
import * as RunFolder from "@moco/train/RunFolder"
import { Effect, Path } from "effect"
import type { Chart } from "../charts/draw.ts"
import { loadDrawing } from "../charts/load.ts"
import { differs, waysOf } from "../html/run/ways.ts"
import { writePage } from "../html/write.ts"
import { written } from "../quantity.ts"
import { madeOf } from "./made.ts"
import { measuredOf } from "./measured.ts"
import {
  cellTable,
  comparisonTable,
  failureLines,
  inMarkdown,
  markdown,
  studyCsv,
  studyJson,
  verdictLines
} from "./text.ts"

/** What a report is written from. */
export interface ReportSource {
  readonly study: Study
  readonly results: StudyResults
  /** Of the trials that the study consists of. */
  readonly records: ReadonlyArray<TrialRecord>
  /** What `--study` was. */
  readonly command: string
  /** The study folder. */
  readonly folder: string
}

/** Writes tables (Markdown, CSV, JSON), plots (SVG, PNG; on light and on dark) and the runs they are made of into `folder`. */
export const writeReport = Effect.fn("report.writeReport")(function* (folder: string, source: ReportSource) {
  const path = yield* Path.Path
  const { results } = source
  yield* RunFolder.unwritable(folder)(
    Effect.andThen(SafeFile.makeFolders(path.dirname(folder)), SafeFile.makeFolder(folder))
  )
  const write = (name: string, content: string | Uint8Array) =>
    RunFolder.writeFile(
      path.join(folder, name),
      typeof content === "string" ? new TextEncoder().encode(content) : content
    )
  yield* write("report.md", yield* studyMarkdown(source))
  yield* write("cells.csv", studyCsv(results))
  yield* write("cells.json", `${studyJson(results)}\n`)
  // With it the report can be made again elsewhere: `--reuse` takes these runs over.
  yield* write("trials.jsonl", source.records.map((record) => `${encodeTrial(record)}\n`).join(""))
  const charts = yield* drawn(folder, source)
  for (const { name, png, svg } of yield* chartFiles(folder, charts)) {
    yield* write(`${name}.svg`, svg)
    yield* write(`${name}.png`, png)
  }
  yield* write("report.html", yield* pageOf(folder, source, charts))
})

/** Writes what a study has found to `out`, as one HTML file. */
export const writeStudyPage = Effect.fn("report.writeStudyPage")(function* (
  out: string,
  source: ReportSource
) {
  return yield* writePage(out, yield* pageOf(out, source, yield* drawn(out, source)))
})

const hint = "the table and the runs are there; the same command draws them again"

/** The charts of a study; of one of which no run has finished there are none. */
const drawn = Effect.fnUntraced(function* (path: string, { results }: ReportSource) {
  if (results.numCompleted === 0) return []
  const { draw } = yield* loadDrawing({ path, hint }, () => import("../charts/draw.ts"))
  return draw(results)
})

const chartFiles = Effect.fnUntraced(function* (path: string, charts: ReadonlyArray<Chart>) {
  if (charts.length === 0) return []
  const { filesOf } = yield* loadDrawing({ path, hint }, () => import("../charts/draw.ts"))
  return filesOf(charts)
})

const pageOf = Effect.fnUntraced(function* (
  path: string,
  source: ReportSource,
  charts: ReadonlyArray<Chart>
) {
  const { studyPage } = yield* loadDrawing({ path, hint }, () => import("../html/study/studyPage.ts"))
  return studyPage({
    results: source.results,
    charts,
    claimRule,
    measured: measuredOf(source),
    made: yield* madeOf(source)
  })
})

const studyMarkdown = Effect.fnUntraced(function* (source: ReportSource) {
  const { results, study } = source
  const { definition } = study
  const baselines = results.baselines.map((found) => `${found.subject} ${written(found, found.value)}`)
  const failures = failureLines(results).map((line) => `- ${Escape.markdownBlock(line)}`)
  const plots =
    results.numCompleted === 0
      ? []
      : [
          `![${Escape.markdown(results.metric.metric)}](metric.svg)`,
          "",
          "![training by epoch](epochs.svg)",
          ""
        ]
  return [
    `# Study ${Escape.markdown(definition.name)}`,
    "",
    Escape.markdown(
      [
        `${results.metric.metric} at the end of training.`,
        ...(baselines.length === 0 ? [] : [`Baselines, evaluated in the same runs: ${baselines.join(", ")}.`])
      ].join(" ")
    ),
    "",
    markdown(cellTable(results)),
    "",
    ...(results.published === undefined
      ? []
      : [`Column "paper": ${Escape.markdown(results.published.source)}.`, ""]),
    ...plots,
    ...(results.comparisons.length > 0
      ? ["## Paired by seed", "", markdown(comparisonTable(results)), ""]
      : []),
    ...(results.verdicts.length > 0 ? ["## Against the paper", "", claimRule, ""] : []),
    ...results.verdicts.flatMap((verdict) => {
      const [first, ...rest] = verdictLines(verdict, inMarkdown)
      return [`- ${first}`, ...rest.map((line) => `  - ${line}`)]
    }),
    ...(failures.length > 0 ? ["", "## Failed runs", "", ...failures] : []),
    "",
    "## How it was measured",
    "",
    ...protocolLines(source).map((line) => `- ${Escape.markdown(line)}`),
    "",
    "## How it was made",
    "",
    ...(yield* madeOf(source)).map(
      ([name, value]) =>
        `- ${name}: ${isCode.has(name) ? Escape.markdownCode(value) : Escape.markdown(value)}`
    ),
    ""
  ].join("\n")
})

/** One line a metric; where its runs have measured it in several ways, one for each, with whose it is. */
const protocolLines = (source: ReportSource): ReadonlyArray<string> =>
  waysOf(measuredOf(source)).map(({ isAlone, metric: { metric, protocol }, runs }) =>
    isAlone
      ? `${metric}: ${protocol}`
      : `${differs} ${metric}: ${protocol} (${shorten(runs.join("; "), 200)})`
  )

/** What a reader may copy. */
const isCode: ReadonlySet<string> = new Set(["command", "recipe"])

/** When a claim is supported, in words. */
export const claimRule =
  "A claim is supported only if the 95 % t-interval of every paired difference lies above 0, and contradicted if one " +
  "lies wholly on the other side (of n differences, at coverage 1 - 0.05 / n). That two settings are equal can be " +
  "contradicted and never supported. Only what is measured is compared: other data, other encoder, fewer epochs."
