import * as Escape from "@moco/core/Escape"
import { shorten } from "@moco/train/RunConfig/Problem"
import { bytesText } from "../bytes.ts"
import { visibleMeasurement } from "../charts/visible.ts"
import { duration } from "../duration.ts"
import { environmentFacts } from "../environment.ts"
import { evaluatedOf } from "../evaluatedOf.ts"
import { fewMeasurements, moreOf } from "../fewMeasurements.ts"
import { measurementRows } from "../measurementRows.ts"
import type { RunDetails } from "./details.ts"
import { leftOutLines } from "./leftOut.ts"
import { columns } from "./text.ts"

/** Everything about a run, in words and aligned columns. */
export const detailsText = (details: RunDetails): string => {
  const { best, commands, damage, history, measurements, run } = details
  const why = run.reason === null ? "" : `: ${run.reason}`
  const scores = rowsOf(measurements, "metrics.jsonl")
  return [
    Escape.line(
      `${run.path}: ${run.recipe ?? "a run of no config that can be read"}, seed ${run.seed ?? "-"}`
    ),
    Escape.line(`${run.state}${why}`),
    progressLine(details),
    ...section("damaged", few(damage)),
    ...section("settings that are not the recipe's", settingRows(details)),
    ...(scores.length === 0 ? [] : ["", ...scores]),
    ...(best === null ? [] : [Escape.line(`the best state by ${best.metric} is that of step ${best.step}`)]),
    ...afterwards(details.evaluatedAfterwards),
    ...section(
      "what happened",
      history.map(({ step, time, what }) => [minute(time), `step ${step}`, shorten(what, maxWords)])
    ),
    ...leftOut(details.leftOut),
    ...section("ran on", environmentFacts(details.environment ?? {})),
    ...section("files", fileRows(details), [1]),
    ...commands.flatMap(({ command, purpose }) => [
      "",
      Escape.line(`${purpose}:`),
      `  ${Escape.line(command)}`
    ])
  ].join("\n")
}

/** Evaluations that are shown: the newest ones. */
const maxShown = 3

/** Problems that are told. */
const maxProblems = 20
/** Letters of a line of words from a file. */
const maxWords = 500

const few = (problems: ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<string>> => [
  ...problems.slice(0, maxProblems).map((problem) => [problem]),
  ...(problems.length > maxProblems ? [[`and ${problems.length - maxProblems} more`]] : [])
]

/** A table of what was measured, as far as it has room; all of it stands in `file`. */
const rowsOf = (measurements: RunDetails["measurements"], file: string): ReadonlyArray<string> => {
  const shown = fewMeasurements(measurements.map(visibleMeasurement))
  return [...measurementRows(shown.shown), ...moreOf(shown, file)]
}

/** What was measured since, the newest first. */
const afterwards = (found: RunDetails["evaluatedAfterwards"]): ReadonlyArray<string> => {
  const shown = found.toReversed().slice(0, maxShown)
  const more = found.length - shown.length
  return [
    ...shown.flatMap((one) => [
      "",
      shorten(`evaluated afterwards: ${evaluatedOf(one)}, measured ${minute(one.time)} UTC`, maxWords),
      ...rowsOf(one.measurements, "evaluations.jsonl")
    ]),
    ...(more === 0 ? [] : [`and ${more} earlier, in evaluations.jsonl`])
  ]
}

const leftOut = (found: RunDetails["leftOut"]): ReadonlyArray<string> => {
  const lines = leftOutLines(found)
  return lines.length === 0 ? [] : ["", ...lines]
}

const minute = (time: string): string => time.slice(0, 16).replace("T", " ")

const section = (
  title: string,
  rows: ReadonlyArray<ReadonlyArray<string>>,
  right: ReadonlyArray<number> = []
): ReadonlyArray<string> =>
  rows.length === 0 ? [] : ["", title, ...columns(rows, right).map((line) => `  ${line}`)]

const progressLine = ({ evaluationSeconds, run }: RunDetails): string => {
  const { epochs, steps, trainingSeconds, writtenAt } = run
  const of = (count: typeof steps, what: string) =>
    `${count.done}${count.of === null ? "" : ` of ${count.of}`} ${what}`
  const took = (seconds: number | null, what: string) =>
    seconds === null ? [] : [`${duration(seconds)} of ${what}`]
  return [
    `${of(epochs, "epochs")}, ${of(steps, "steps")}`,
    ...took(trainingSeconds, "training"),
    ...took(evaluationSeconds, "evaluation"),
    ...(writtenAt === null ? [] : [`last written ${minute(writtenAt)} UTC`])
  ].join("; ")
}

const settingRows = ({ run, settings }: RunDetails): ReadonlyArray<ReadonlyArray<string>> => {
  if (settings === null)
    return run.recipe === null ? [] : [[`there is no recipe ${run.recipe} to compare them with`]]
  return settings.map(({ path, recipe, run: own }) => [path, own, `(recipe: ${recipe})`])
}

const fileRows = ({ files }: RunDetails): ReadonlyArray<ReadonlyArray<string>> =>
  files.map(({ bytes, isWrittenByRun, name }) => [
    name,
    bytesText(bytes),
    isWrittenByRun ? "" : "not a run's"
  ])
