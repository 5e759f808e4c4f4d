import * as Escape from "@moco/core/Escape"
import * as SafeFile from "@moco/core/SafeFile"
import type { StudyResults } from "@moco/study/results"
import type { Study } from "@moco/study/Study"
import { encodeTrial } from "@moco/study/StudyRecord"
import type { TrialRecord } from "@moco/study/TrialRecord"
import * as RunFolder from "@moco/train/RunFolder"
import { filesOf } from "@moco/train/RunFolder/files"
import { Effect, Path, Schema } from "effect"
import { loadDrawing } from "../charts/load.ts"
import { duration } from "../duration.ts"
import { RunEnvironmentJson } from "../environment.ts"
import { written } from "../quantity.ts"
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

/** Writes tables (Markdown, CSV, JSON), plots (SVG, PNG) and the runs they are made of into `folder`. */
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
  if (results.numCompleted === 0) return
  const hint = "the table and the runs are there; the same command draws them again"
  const { draw } = yield* loadDrawing({ path: folder, hint }, () => import("../charts/draw.ts"))
  for (const { name, png, svg } of draw(results)) {
    yield* write(`${name}.svg`, svg)
    yield* write(`${name}.png`, png)
  }
})

const studyMarkdown = Effect.fnUntraced(function* (source: ReportSource) {
  const { results, study } = source
  const { definition, trials } = study
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
    "## How it was made",
    "",
    ...(yield* provenance(source)),
    `- recipe ${Escape.markdownCode(definition.recipe)}, changed in: ${Escape.markdownCode(JSON.stringify(definition.set ?? {}))}`,
    `- seeds ${definition.seeds.join(", ")}; ${results.numCompleted} of ${trials.length} runs completed, ${results.numFailed} failed`,
    ""
  ].join("\n")
})

const claimRule =
  "A claim is supported only if the 95 % t-interval of every paired difference lies above 0, and contradicted if one " +
  "lies wholly on the other side (of n differences, at coverage 1 - 0.05 / n). That two settings are equal can be " +
  "contradicted and never supported. Only what is measured is compared: other data, other encoder, fewer epochs."

const provenance = Effect.fnUntraced(function* ({ command, folder, records, results }: ReportSource) {
  const path = yield* Path.Path
  const times = records.map(({ time }) => time).sort()
  const found = yield* Effect.forEach(records, ({ runFolder }) =>
    Effect.option(
      Effect.andThen(
        SafeFile.readText(filesOf(path, path.join(folder, runFolder)).environment, { maxBytes: 2 ** 20 }),
        Schema.decodeUnknownEffect(RunEnvironmentJson)
      )
    )
  )
  const environments = found.flatMap((environment) =>
    environment._tag === "Some" ? [environment.value] : []
  )
  const distinct = (of: (environment: (typeof environments)[number]) => string) =>
    Escape.markdown([...new Set(environments.map(of))].join("; "))
  return [
    `- command: ${Escape.markdownCode(`npx moco ablate --study=${command}`)}`,
    ...(environments.length === 0
      ? []
      : [
          `- commit ${distinct(({ commit }) => (commit === null ? "unknown" : `${commit.hash.slice(0, 12)}${commit.dirty ? " (changed)" : ""}`))}`,
          `- machine: ${distinct(({ cpu, platform }) => `${platform}, ${cpu.model}, ${cpu.cores} cores, ${cpu.features.join(" ")}`)}; ` +
            `${distinct(({ backend, node }) => `${backend.name} ${backend.version} on ${backend.device}, Node ${node}`)}`
        ]),
    ...(times.length === 0
      ? []
      : [
          `- last run ended ${Escape.markdown(times.at(-1)!)}; all runs together took ${duration(results.seconds)} of wall time`
        ])
  ]
})
