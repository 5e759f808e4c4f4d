import { inOrder } from "@moco/evaluation/inOrder"
import { isBetter, type Measurement } from "@moco/evaluation/Measurement"
import { isBaseline, trainedEncoder } from "@moco/evaluation/subjects"
import { type Markup, markup } from "../../markup.ts"
import { columnHead, digits } from "../../quantity.ts"
import { missing, type Section } from "../page.ts"
import { differs, eachOnce, waysOf } from "../run/ways.ts"
import { intervalMeaning, valueCell } from "../sections/headline.ts"

/** The newest measurements of a run, of all subjects. */
interface Measured {
  readonly name: string
  readonly metrics: ReadonlyArray<Measurement>
}

/** The scores of several runs beside each other, with their intervals, and the baselines behind them. */
export const results = (runs: ReadonlyArray<Measured>): Section => {
  const all = runs.flatMap(({ metrics }) => metrics)
  const body =
    all.length === 0
      ? missing("None of the runs was evaluated.")
      : markup`<div class="card">${scoreTable(runs)}<p class="how">${how(runs)}</p></div>`
  return { id: "results", heading: "What came out", body }
}

const scoreTable = (runs: ReadonlyArray<Measured>): Markup => {
  const all = runs.flatMap(({ metrics }) => metrics)
  const baselines = [...new Set(all.filter(isBaseline).map(({ subject }) => subject))]
  const marked = inSeveralWays(runs)
  return markup`<div class="scroll"><table><thead><tr><th scope="col">metric</th>${runs.map(
    ({ name }) => markup`<th scope="col" class="number">${name}</th>`
  )}${baselines.map((name) => markup`<th scope="col" class="number">${name}</th>`)}</tr></thead><tbody>${eachOnce(
    inOrder(all)
  ).map((metric) => {
    const of = (subject: string) =>
      runs.map(({ metrics }) =>
        metrics.find((found) => found.metric === metric.metric && found.subject === subject)
      )
    const trained = of(trainedEncoder)
    const best = bestOf(trained)
    return markup`<tr><th scope="row">${marked.has(metric.metric) ? `${differs} ` : ""}${columnHead(metric)}</th>${trained.map(
      (found) => trainedCell(found, found !== undefined && found === best)
    )}${baselines.map((name) => markup`<td class="number quiet">${sharedCell(of(name))}</td>`)}</tr>`
  })}</tbody></table></div>`
}

const trainedCell = (found: Measurement | undefined, isBest: boolean): Markup =>
  markup`<td class="number${isBest ? " value better" : ""}">${valueCell(found, isBest ? " \u2605" : "")}</td>`

/** A baseline that the runs share, or all that it was: both values, or the least and the greatest. */
const sharedCell = (found: ReadonlyArray<Measurement | undefined>): Markup => {
  const all = found.flatMap((one) => one ?? [])
  const values = [...new Set(all.map((one) => digits(one, one.value)))]
  if (values.length < 2) return valueCell(all[0])
  if (values.length === 2) return markup`${values.join(", ")}`
  const sorted = all.toSorted((a, b) => a.value - b.value)
  return markup`${[sorted[0]!, sorted.at(-1)!].map((one) => digits(one, one.value)).join(" to ")}`
}

const bestOf = (found: ReadonlyArray<Measurement | undefined>): Measurement | undefined => {
  const finite = found.flatMap((one) => (one !== undefined && Number.isFinite(one.value) ? [one] : []))
  const [first] = finite
  if (first === undefined || finite.length < 2 || first.higherIsBetter === null) return undefined
  // What was measured in another way is another number by the same name.
  if (finite.some(({ protocol, unit }) => protocol !== first.protocol || unit !== first.unit))
    return undefined
  return finite.reduce((best, other) => (isBetter(other, other.value, best.value) ? other : best))
}

const inSeveralWays = (runs: ReadonlyArray<Measured>): ReadonlySet<string> =>
  new Set(waysOf(runs).flatMap(({ isAlone, metric }) => (isAlone ? [] : [metric.metric])))

const how = (runs: ReadonlyArray<Measured>): string => {
  const all = runs.flatMap(({ metrics }) => metrics)
  return [
    "The newest value of each run; the best one is marked.",
    ...(inSeveralWays(runs).size === 0
      ? []
      : [
          `${differs}: not all runs have measured it in the same way, so none is the best ("How it was measured").`
        ]),
    ...(all.some(({ interval }) => interval !== undefined) ? [intervalMeaning] : []),
    all.some(isBaseline)
      ? "Baselines are of each run's own images and seed; where runs differ in them, both values stand, or the least and the greatest."
      : "No baselines were evaluated."
  ].join(" ")
}
