import type { Metric } from "@moco/evaluation/Measurement"
import { configDifferences } from "@moco/train/RunConfig/differences"
import { shorten } from "@moco/train/RunConfig/Problem"
import { type DrawnRun, meanOver, metricsOf } from "../../charts/runChart/curves.ts"
import { fewMeasurements } from "../../fewMeasurements.ts"
import { type Markup, markup } from "../../markup.ts"
import { card, cards, missing, renderPage, type Section, table } from "../page.ts"
import { lastMeasurements } from "../run/measurements.ts"
import { bannerOf } from "../run/runPage.ts"
import { troublesOf } from "../run/troubles.ts"
import { differs, type Way, waysOf } from "../run/ways.ts"
import { howToRead } from "../sections/explain.ts"
import { protocolsOf } from "../sections/provenance.ts"
import { meanings, scoreChart } from "../sections/scores.ts"
import { lastSimilarities } from "../sections/similarities.ts"
import { chartedSteps, headingOf, stepChart } from "../sections/training.ts"
import type { ComparedRun } from "./ComparedRun.ts"
import { commandsOf, environments } from "./provenance.ts"
import { results } from "./results.ts"

/** Charts of metrics: more are more than anybody looks at. */
const maxCharts = 24

/** Several runs beside each other, as the text of an HTML file; their names tell them apart. */
export const comparePage = (runs: ReadonlyArray<ComparedRun>): string => {
  const measured = runs.map((run) => ({
    name: run.name,
    metrics: fewMeasurements(lastMeasurements(run)).shown
  }))
  return renderPage({
    title: `${runs.length} runs compared`,
    subtitle: shorten(runs.map(({ name }) => name).join(", "), 400),
    banners: runs.flatMap((run) =>
      troublesOf(run).map((trouble) => bannerOf({ ...trouble, title: `${run.name}: ${trouble.title}` }))
    ),
    sections: [
      results(measured),
      differing(runs),
      training(runs),
      scores(runs, waysOf(measured)),
      lastSimilarities(runs),
      protocolsOf(measured),
      environments(runs),
      ...commandsOf(runs)
    ],
    footer: "Made from the files of the runs' folders. This page asks for nothing and runs no script."
  })
}

/** Which colour and dashes are whose. */
const legend = (runs: ReadonlyArray<DrawnRun>): Markup =>
  markup`<ul class="legend">${runs.map(
    ({ name }, i) =>
      markup`<li><svg width="30" height="12" aria-hidden="true"><path class="line s${i % 7} d${Math.floor(i / 7) % 3}" d="M0 6H30"/></svg>${name}</li>`
  )}</ul>`

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

const scores = (runs: ReadonlyArray<DrawnRun>, ways: ReadonlyArray<Way>): Section => {
  const protocolIn = ({ metric, protocol }: Metric) => {
    const numWays = ways.filter((way) => way.metric.metric === metric).length
    return numWays < 2
      ? protocol
      : `${differs} Measured in ${numWays} ways (see "How it was measured"): lines of different ways cannot be compared.`
  }
  const metrics = metricsOf(runs)
  const charts = metrics
    .slice(0, maxCharts)
    .map((metric) => card(metric.metric, scoreChart(runs, metric), protocolIn(metric)))
  const more = metrics.length - charts.length
  const body =
    metrics.length === 0
      ? missing("None of the runs was evaluated.")
      : markup`${legend(runs)}<p>${howToRead.scores}</p>${cards(charts)}${more > 0 ? missing(`${more} more metrics are in the table at the top.`) : undefined}${meanings(metrics)}`
  return { id: "scores", heading: "Scores over the epochs", body }
}
