import type { Measurement, Metric } from "@moco/evaluation/Measurement"
import { shorten } from "@moco/train/RunConfig/Problem"
import { environmentFacts } from "../../environment.ts"
import { fewMeasurements } from "../../fewMeasurements.ts"
import { type Markup, markup } from "../../markup.ts"
import { facts, missing, type Section, table } from "../page.ts"
import type { RunSource } from "../run/RunSource.ts"
import { differs, eachOnce, type Measured, type Way, waysOf } from "../run/ways.ts"

/** How each metric was measured. */
export const protocols = (measurements: ReadonlyArray<Measurement>): Section =>
  protocolsIn(measurements.length === 0 ? undefined : protocolTable(fewMeasurements(measurements).shown))

/** How each metric was measured in several runs: once, or where they differ in it, marked, in every way. */
export const protocolsOf = (runs: ReadonlyArray<Measured>): Section => {
  const ways = waysOf(runs)
  const isShared = ways.every((way) => way.runs.length === runs.length)
  return ways.length === 0
    ? protocolsIn(undefined)
    : isShared
      ? protocolsIn(
          protocolTable(ways.map(({ metric }) => metric)),
          runs.length > 1 ? "All runs have measured each of them so." : ""
        )
      : protocolsIn(wayTable(ways, runs.length))
}

const protocolsIn = (rows: Markup | undefined, note = ""): Section => {
  const body =
    rows === undefined
      ? missing("Nothing was measured.")
      : markup`<div class="card">${rows}<p class="how">${note} Two values can be compared where metric, protocol and data are the same.</p></div>`
  return { id: "protocols", heading: "How it was measured", body }
}

const heads = ["metric", "evaluation", "protocol"]

/** A row for each metric. */
export const protocolTable = (metrics: ReadonlyArray<Metric>): Markup =>
  table(
    heads,
    eachOnce(metrics).map(({ evaluation, metric, protocol }) => [metric, evaluation, protocol])
  )

/** A row for each way in which a metric was measured, with the runs whose it is. */
const wayTable = (ways: ReadonlyArray<Way>, numRuns: number): Markup =>
  table(
    [...heads, "measured so in"],
    ways.map(({ isAlone, metric: { evaluation, metric, protocol }, runs }) => [
      isAlone ? metric : `${differs} ${metric}`,
      evaluation,
      protocol,
      runs.length === numRuns ? "all runs" : shorten(runs.join(", "), maxNames)
    ])
  )

const maxNames = 200

/** Files that are listed by name. */
const maxFiles = 100

/** Files of the data set that were no images. */
export const quarantine = (files: RunSource["quarantine"]): Section => {
  const rows = files
    .slice(0, maxFiles)
    .map(({ file, problem }) => [shorten(file, 300), shorten(problem, 300)])
  const more = files.length - rows.length
  const body =
    files.length === 0
      ? missing("None: every file of the data set that was asked for could be read.")
      : markup`<div class="card"><p>${files.length} ${files.length === 1 ? "file is" : "files are"} no image that can be read, and others stood in.</p><details><summary>which</summary>${table(["file", "problem"], rows)}${
          more > 0 ? missing(`and ${more} more, in quarantine.json`) : undefined
        }</details></div>`
  return { id: "left-out", heading: "Images left out", body }
}

/** What it ran on, as far as that is known. */
export const environment = ({ card, environment: found = {} }: RunSource): Section => {
  const known = environmentFacts(found)
  const rows = [...known, ...("value" in card ? encoderFacts(card.value) : [])]
  const body = markup`${
    known.length === 0
      ? missing("Not known: environment.json is not there, or says nothing that is understood.")
      : undefined
  }${
    rows.length === 0
      ? undefined
      : markup`<div class="card">${facts(rows)}${variables(found.variables ?? {})}</div>`
  }`
  return { id: "environment", heading: "What it ran on", body }
}

const encoderFacts = ({
  architecture,
  data,
  input,
  training
}: Extract<RunSource["card"], { value: unknown }>["value"]) => [
  [
    "exported encoder",
    `${architecture.family}, input ${input.height} × ${input.width} × ${input.channels}, after ${training.step} steps on ${data.name}`
  ] as const
]

const variables = (all: Readonly<Record<string, string>>): Markup => {
  const rows = Object.entries(all)
  return rows.length === 0
    ? markup``
    : markup`<details><summary>environment variables</summary>${facts(rows.map(([name, value]) => [name, shorten(value, 300)] as const))}</details>`
}

/** How to do it again. */
export const commands = ({ commands: { goOn, repeat }, environment: found }: RunSource): Section => ({
  id: "again",
  heading: "Do it again",
  body: hasOwnStages(found)
    ? missing(ownStages)
    : markup`<p>${again("The same run")}</p><pre>${repeat}</pre>${
        goOn === undefined ? undefined : markup`<p>Go on with it:</p><pre>${goOn}</pre>`
      }`
})

/** What stands over a command that takes something again. */
export const again = (what: string): string =>
  `${what} again; with the same seed it takes the same steps to the last bit, on one machine and build:`

/** What stands in its place where nobody else has what it needs. */
export const ownStages =
  "Stages of it were given in code: the program that made it takes it again, and goes on with it."

/** A run with stages of a program's own: nobody else has them. */
export const hasOwnStages = (found: RunSource["environment"]): boolean => (found?.ownStages ?? []).length > 0
