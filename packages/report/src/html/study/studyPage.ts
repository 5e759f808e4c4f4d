import type { StudyResults } from "@moco/study/results"
import { type Markup, markup, ours } from "../../markup.ts"
import { written } from "../../quantity.ts"
import { cellTable, comparisonTable, failureLines, type Table, verdictLines } from "../../study/text.ts"
import { card, missing, renderPage, type Section, table } from "../page.ts"
import type { Measured } from "../run/ways.ts"
import { protocolsOf } from "../sections/provenance.ts"
import { meanings } from "../sections/scores.ts"

/** What the report of a study is made of. */
export interface StudySource {
  readonly results: StudyResults
  /** Charts that were drawn, as SVG of our own making in the colours of the page. */
  readonly charts: ReadonlyArray<{ readonly name: string; readonly svg: string }>
  /** What its runs have measured of what it is about. */
  readonly measured: ReadonlyArray<Measured>
  /** How it was made: names beside what they are. */
  readonly made: ReadonlyArray<readonly [name: string, value: string]>
  /** When a claim is supported, in words. */
  readonly claimRule: string
}

/** The report of a study, as the text of an HTML file. */
export const studyPage = (source: StudySource): string => {
  const { metric, numCompleted, numFailed, numTrials, study } = source.results
  return renderPage({
    title: `Study ${study}`,
    subtitle: `${metric.metric} at the end of training; ${numCompleted} of ${numTrials} runs completed, ${numFailed} failed`,
    banners: [],
    sections: studySections(source),
    footer: "Made from the records of the study's runs. This page asks for nothing and runs no script."
  })
}

/** Everything that a study has found so far. */
export const studySections = ({
  charts,
  claimRule,
  made,
  measured,
  results
}: StudySource): ReadonlyArray<Section> => {
  const { comparisons, verdicts } = results
  const failures = failureLines(results)
  return [
    { id: "results", heading: "What came out", body: cellsOf(results) },
    ...(verdicts.length === 0 ? [] : [claims(results, claimRule)]),
    { id: "charts", heading: "Charts", body: chartsOf(charts) },
    ...(comparisons.length === 0
      ? []
      : [
          {
            id: "paired",
            heading: "Paired by seed",
            body: markup`<div class="card">${tableOf(comparisonTable(results))}<p class="how">Differences seed by seed, which leave out what the seeds share. An interval that lies wholly on one side of 0 is a difference; one that holds 0 tells nothing.</p></div>`
          }
        ]),
    ...(failures.length === 0
      ? []
      : [
          {
            id: "failed",
            heading: "Failed runs",
            body: markup`<ul>${failures.map((line) => markup`<li>${line}</li>`)}</ul>`
          }
        ]),
    protocolsOf(measured),
    {
      id: "made",
      heading: "How it was made",
      body: markup`<div class="card"><table class="facts"><tbody>${made.map(
        ([name, value]) => markup`<tr><th scope="row">${name}</th><td>${value}</td></tr>`
      )}</tbody></table></div>`
    }
  ]
}

const tableOf = ([head = [], ...rows]: Table): Markup => table(head, rows)

const cellsOf = (results: StudyResults): Markup => {
  const baselines = results.baselines.map((found) => `${found.subject} ${written(found, found.value)}`)
  return markup`<div class="card">${tableOf(cellTable(results))}<p class="how">Mean, standard deviation and 95 % t-interval over the seeds. ${
    baselines.length === 0 ? "" : `Baselines, evaluated in the same runs: ${baselines.join(", ")}.`
  }${results.published === undefined ? "" : ` Column "paper": ${results.published.source}.`}</p></div>${meanings([results.metric])}`
}

const claims = ({ verdicts }: StudyResults, rule: string): Section => {
  const body = markup`<p class="quiet">${rule}</p><div class="cards">${verdicts.map((verdict) => {
    const [first, ...rest] = verdictLines(verdict, { text: (foreign) => foreign, strong: (own) => own })
    return markup`<div class="card"><h3>${first}</h3>${rest.map((line) => markup`<p class="how">${line}</p>`)}</div>`
  })}</div>`
  return { id: "claims", heading: "Against the paper", body }
}

const explained: Readonly<Record<string, readonly [heading: string, how: string]>> = {
  metric: [
    "By setting",
    "Each mark is the mean over the seeds, its bar the 95 % interval, small marks the single seeds. Dashes are baselines, which need no training: a setting under them has learned less than there is to see in the pixels."
  ],
  epochs: [
    "Training by epoch",
    "Means over the seeds. The loss rises while the queue fills with keys of images; its dashes are chance. Pretext accuracy is no class accuracy."
  ]
}

const chartsOf = (charts: StudySource["charts"]): Markup =>
  charts.length === 0
    ? missing("None: no run has finished.")
    : markup`<div class="wide-cards">${charts.map(({ name, svg }) => {
        const [heading, how] = explained[name] ?? [name, ""]
        return card(heading, markup`<div class="scroll paper">${ours(svg)}</div>`, how)
      })}</div>`
