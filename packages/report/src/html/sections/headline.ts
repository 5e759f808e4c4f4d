import { isBetter, type Measurement } from "@moco/evaluation/Measurement"
import { trainedEncoder } from "@moco/evaluation/subjects"
import { fewMeasurements, moreOf } from "../../fewMeasurements.ts"
import { type Markup, markup } from "../../markup.ts"
import { columnHead, digits, notationOf } from "../../quantity.ts"
import type { Section } from "../page.ts"
import { missing } from "../page.ts"
import { type Row, rowsOf } from "../run/measurements.ts"

/** What came out: every metric of the trained encoder, the baselines beside it, and how far it is from the best one. */
export const headline = (measurements: ReadonlyArray<Measurement>): Section => {
  const few = fewMeasurements(measurements)
  const rows = rowsOf(few.shown)
  const body =
    rows.length === 0
      ? missing("Nothing has been evaluated yet.")
      : markup`<div class="card">${resultTable(rows)}${moreOf(few, "metrics.jsonl").map(missing)}<p class="how">${how(rows)}</p></div>`
  return { id: "results", heading: "What came out", body }
}

/** Every metric of the trained encoder, the baselines beside it. */
export const resultTable = (rows: ReadonlyArray<Row>): Markup => {
  const subjects = [...new Set(rows.flatMap(({ baselines }) => baselines.map(({ subject }) => subject)))]
  return markup`<div class="scroll"><table><thead><tr><th scope="col">metric</th><th scope="col" class="number">${trainedEncoder}</th><th scope="col" class="number">difference to the best baseline</th>${subjects.map(
    (subject) => markup`<th scope="col" class="number">${subject}</th>`
  )}</tr></thead><tbody>${rows.map((row) => rowOf(row, subjects))}</tbody></table></div>`
}

const rowOf = ({ baselines, best, metric, trained }: Row, subjects: ReadonlyArray<string>): Markup =>
  markup`<tr><th scope="row">${columnHead(metric)}${direction(metric)}</th><td class="number value">${valueCell(trained)}</td><td class="number">${differenceOf(trained, best)}</td>${subjects.map(
    (subject) =>
      markup`<td class="number">${valueCell(baselines.find((found) => found.subject === subject))}</td>`
  )}</tr>`

const direction = ({ higherIsBetter }: Measurement): Markup =>
  higherIsBetter === null
    ? markup``
    : markup`<span class="interval">${higherIsBetter ? "higher is better" : "lower is better"}</span>`

/** A value with its interval and the number of images that it is of, as a table has it; `mark` stands behind it. */
export const valueCell = (found: Measurement | undefined, mark = ""): Markup => {
  if (found === undefined) return markup`–`
  const { interval, numImages } = found
  const between =
    interval === undefined
      ? markup``
      : markup`<span class="interval">${digits(found, interval.low)} to ${digits(found, interval.high)}</span>`
  const images =
    numImages === undefined
      ? markup``
      : markup`<span class="interval">${numImages.toLocaleString("en-US")} images</span>`
  return markup`${digits(found, found.value)}${mark}${between}${images}`
}

const differenceOf = (trained: Measurement | undefined, best: Measurement | undefined): Markup => {
  if (trained === undefined || best === undefined) return markup`–`
  const difference = trained.value - best.value
  if (!Number.isFinite(difference)) return markup`–`
  const { difference: notation } = notationOf(trained.unit)
  const sign = difference < 0 ? "\u2212" : "+"
  const isGain = isBetter(trained, trained.value, best.value)
  const side = difference === 0 ? "" : isGain ? "better" : "worse"
  const words = side === "" ? "the same as" : `${side} than`
  return markup`<span class="${side}">${sign}${notation.digits(Math.abs(difference))} ${notation.unit}</span><span class="interval">${words} ${best.subject}</span>`
}

/** What the small figures under a value are. */
export const intervalMeaning =
  "Small figures under a value: where it lies with a probability of 95 % over other images of the same kind. They say nothing of other seeds."

const how = (rows: ReadonlyArray<Row>): string =>
  [
    "The baselines are what an encoder has to beat to have learned anything: the images as they are, and the same network before its first step. They are evaluated in the same run, on the same images, by the same protocol.",
    ...(rows.some(({ trained }) => trained?.interval !== undefined)
      ? [intervalMeaning]
      : [
          "One run is one seed: differences of a point may be chance. A study (moco ablate) runs several seeds."
        ])
  ].join(" ")
