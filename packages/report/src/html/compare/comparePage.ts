import { isBetter, type Measurement } from "@moco/evaluation/Measurement"
import { isBaseline, trainedEncoder } from "@moco/evaluation/subjects"
import { configDifferences } from "@moco/train/RunConfig/differences"
import { shorten } from "@moco/train/RunConfig/Problem"
import { type DrawnRun, meanOver, metricsOf } from "../../charts/runChart/curves.ts"
import { type Markup, markup } from "../../markup.ts"
import { columnHead, digits } from "../../quantity.ts"
import { card, cards, missing, renderPage, type Section, table } from "../page.ts"
import { lastMeasurements } from "../run/measurements.ts"
import { bannerOf } from "../run/runPage.ts"
import { troublesOf } from "../run/troubles.ts"
import { howToRead } from "../sections/explain.ts"
import { meanings, scoreChart } from "../sections/scores.ts"
import { chartedSteps, headingOf, stepChart } from "../sections/training.ts"

/** Charts of metrics: more are more than anybody looks at. */
const maxCharts = 24

/** Several runs beside each other, as the text of an HTML file; their names tell them apart. */
export const comparePage = (runs: ReadonlyArray<DrawnRun>): string =>
  renderPage({
    title: `${runs.length} runs compared`,
    subtitle: shorten(runs.map(({ name }) => name).join(", "), 400),
    banners: runs.flatMap((run) =>
      troublesOf(run).map((trouble) => bannerOf({ ...trouble, title: `${run.name}: ${trouble.title}` }))
    ),
    sections: [results(runs), differing(runs), training(runs), scores(runs)],
    footer: "Made from the files of the runs' folders. This page asks for nothing and runs no script."
  })

/** Which colour and dashes are whose. */
const legend = (runs: ReadonlyArray<DrawnRun>): Markup =>
  markup`<ul class="legend">${runs.map(
    ({ name }, i) =>
      markup`<li><svg width="30" height="12" aria-hidden="true"><path class="line s${i % 7} d${Math.floor(i / 7) % 3}" d="M0 6H30"/></svg>${name}</li>`
  )}</ul>`

const results = (runs: ReadonlyArray<DrawnRun>): Section => {
  const all = runs.map(lastMeasurements)
  const body =
    all.flat().length === 0
      ? missing("None of the runs was evaluated.")
      : markup`<div class="card">${scoreTable(runs, all)}<p class="how">The newest value of each run; the best one is marked. ${baselineNote(all.flat())}</p></div>`
  return { id: "results", heading: "What came out", body }
}

const scoreTable = (
  runs: ReadonlyArray<DrawnRun>,
  all: ReadonlyArray<ReadonlyArray<Measurement>>
): Markup => {
  const baselines = [
    ...new Set(
      all
        .flat()
        .filter(isBaseline)
        .map(({ subject }) => subject)
    )
  ]
  return markup`<div class="scroll"><table><thead><tr><th scope="col">metric</th>${runs.map(
    ({ name }) => markup`<th scope="col" class="number">${name}</th>`
  )}${baselines.map((name) => markup`<th scope="col" class="number">${name}</th>`)}</tr></thead><tbody>${metricsOf(
    runs
  ).map((metric) => {
    const valueOf = (measurements: ReadonlyArray<Measurement>, subject: string) =>
      measurements.find((found) => found.metric === metric.metric && found.subject === subject)
    const trained = all.map((measurements) => valueOf(measurements, trainedEncoder))
    const best = bestOf(trained)
    return markup`<tr><th scope="row">${columnHead(metric)}</th>${trained.map(
      (found) =>
        markup`<td class="number${found !== undefined && found === best ? " value better" : ""}">${cell(found)}${found !== undefined && found === best ? " ★" : ""}</td>`
    )}${baselines.map((name) => markup`<td class="number quiet">${sharedCell(all.map((measurements) => valueOf(measurements, name)))}</td>`)}</tr>`
  })}</tbody></table></div>`
}

const cell = (found: Measurement | undefined): string =>
  found === undefined ? "–" : digits(found, found.value)

/** A baseline that the runs share, or from where to where it lies. */
const sharedCell = (found: ReadonlyArray<Measurement | undefined>): string => {
  const values = [...new Set(found.flatMap((one) => one ?? []).map((one) => digits(one, one.value)))]
  return values.length > 2 ? `${values.length} values` : values.join(", ") || "–"
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

const baselineNote = (all: ReadonlyArray<Measurement>): string =>
  all.some(isBaseline)
    ? "Baselines are of each run's own images and seed; where runs differ in them, all values stand."
    : "No baselines were evaluated."

/** Settings in which the runs are not all the same. */
const differing = (runs: ReadonlyArray<DrawnRun>): Section => {
  const [first] = runs
  const differences = runs.map(({ config }) => configDifferences(first!.config, config))
  const paths = [...new Set(differences.flatMap((own) => own.map(({ path }) => path)))]
  const rows = paths.map((path) => {
    const inFirst = differences.flat().find((difference) => difference.path === path)!.before
    return [
      path,
      ...differences.map((own) =>
        shorten(own.find((difference) => difference.path === path)?.now ?? inFirst, 60)
      )
    ]
  })
  const body =
    rows.length === 0
      ? missing("Their configs are the same: what differs is the machine or the program.")
      : markup`<div class="card">${table(["setting", ...runs.map(({ name }) => name)], rows)}<p class="how">All other settings are the same. Where more than one differs, no difference in scores can be put down to one of them.</p></div>`
  return { id: "settings", heading: "In what they differ", body }
}

const training = (runs: ReadonlyArray<DrawnRun>): Section => {
  const charts = chartedSteps.flatMap((key) => {
    const chart = stepChart(runs, key)
    return chart === undefined ? [] : [card(headingOf(key), chart, howToRead[key])]
  })
  const body = markup`${legend(runs)}<p>Each line is the mean of ${meanOver} steps. Losses can be compared only where K and T are the same.</p>${cards(charts)}`
  return { id: "training", heading: "How training went", body }
}

const scores = (runs: ReadonlyArray<DrawnRun>): Section => {
  const metrics = metricsOf(runs)
  const charts = metrics
    .slice(0, maxCharts)
    .map((metric) => card(metric.metric, scoreChart(runs, metric), metric.protocol))
  const more = metrics.length - charts.length
  const body =
    metrics.length === 0
      ? missing("None of the runs was evaluated.")
      : markup`${legend(runs)}<p>${howToRead.scores}</p>${cards(charts)}${more > 0 ? missing(`${more} more metrics are in the table at the top.`) : undefined}${meanings(metrics)}`
  return { id: "scores", heading: "Scores over the epochs", body }
}
