import { isBaseline } from "@moco/evaluation/subjects"
import { shorten } from "@moco/train/RunConfig/Problem"
import type { KeptEvaluation, KeptEvaluations } from "@moco/train/RunFolder/evaluated"
import { evaluatedOf } from "../../evaluatedOf.ts"
import { fewMeasurements, moreOf } from "../../fewMeasurements.ts"
import { type Markup, markup } from "../../markup.ts"
import { missing, type Section } from "../page.ts"
import { rowsOf } from "../run/measurements.ts"
import { resultTable } from "./headline.ts"
import { protocolTable } from "./provenance.ts"

/** Evaluations, and lines that cannot be understood, that are shown: the newest ones, and the first ones. */
const [maxShown, maxProblems] = [10, 5]
/** Letters of all cards together: a page is to be opened, and sent, by anybody. The newest one is shown in any case. */
const maxLetters = 400_000

/** What was measured of the encoder after the run, the newest first. */
export const afterwards = ({ found, problems }: KeptEvaluations): Section => {
  const shown = withinRoom(found.toReversed().slice(0, maxShown).map(evaluation))
  const more = found.length - shown.length
  const body = markup`${
    found.length === 0
      ? missing("Nothing: moco evaluate --run measures an encoder again, or by more.")
      : undefined
  }${shown}${more > 0 ? missing(`and ${more} earlier, in evaluations.jsonl`) : undefined}${problems
    .slice(0, maxProblems)
    .map((problem) => missing(`Left out: ${problem}`))}${
    problems.length > maxProblems ? missing(`and ${problems.length - maxProblems} more`) : undefined
  }`
  return { id: "afterwards", heading: "Evaluated afterwards", body }
}

/** As many of the first as have room together. */
const withinRoom = (all: ReadonlyArray<Markup>): ReadonlyArray<Markup> => {
  const lettersUpTo = (i: number) => all.slice(0, i + 1).reduce((sum, { text }) => sum + text.length, 0)
  const end = all.findIndex((_, i) => i > 0 && lettersUpTo(i) > maxLetters)
  return end < 0 ? all : all.slice(0, end)
}

const evaluation = (found: KeptEvaluation): Markup => {
  const few = fewMeasurements(comparable(found.measurements))
  const when = shorten(found.time, maxTime).slice(0, 16).replace("T", " ")
  return markup`<div class="card"><h3>${when} UTC: ${shorten(evaluatedOf(found), maxName)}</h3>${resultTable(rowsOf(few.shown))}${moreOf(few, "evaluations.jsonl").map(missing)}<details><summary>protocols</summary>${protocolTable(few.shown)}</details></div>`
}

const [maxTime, maxName] = [40, 200]

/** Without baselines that were measured otherwise than the encoder. */
const comparable = (measurements: KeptEvaluation["measurements"]): KeptEvaluation["measurements"] => {
  const own = new Map(measurements.filter((one) => !isBaseline(one)).map((one) => [one.metric, one]))
  return measurements.filter((one) => {
    const { protocol, unit } = own.get(one.metric) ?? one
    return one.protocol === protocol && one.unit === unit
  })
}
