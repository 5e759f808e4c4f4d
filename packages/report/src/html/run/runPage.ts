import { definitions } from "../../charts/inline/pictures.ts"
import { stepsOf } from "../../charts/runChart/curves.ts"
import { type Markup, markup } from "../../markup.ts"
import { renderPage } from "../page.ts"
import { afterwards } from "../sections/afterwards.ts"
import { headline } from "../sections/headline.ts"
import { inspection } from "../sections/inspection.ts"
import { commands, environment, hasOwnStages, protocols, quarantine } from "../sections/provenance.ts"
import { scores } from "../sections/scores.ts"
import { settings, tookOf } from "../sections/settings.ts"
import { similarities } from "../sections/similarities.ts"
import { training } from "../sections/training.ts"
import { lastMeasurements } from "./measurements.ts"
import type { RunSource } from "./RunSource.ts"
import { type Trouble, troublesOf } from "./troubles.ts"

/** The report of one run, as the text of an HTML file. */
export const runPage = (source: RunSource): string => {
  const { failure, inspected, run } = source
  const measurements = lastMeasurements(run)
  const { config } = run
  const inspectedBy = hasOwnStages(source.environment) ? undefined : source.commands.inspect
  return renderPage({
    title: `Run ${run.name}`,
    subtitle: `Momentum Contrast, recipe ${config.recipe}, seed ${config.seed}, ${config.training.epochs} epochs on ${config.data.name}`,
    banners: troublesOf(run, failure).map(bannerOf),
    definitions: definitions("value" in inspected ? Object.values(inspected.value.pictures) : []),
    sections: [
      headline(measurements),
      settings(run, tookOf(run)),
      training(run),
      scores(run),
      afterwards(source.since),
      similarities(run),
      ...inspection(inspected, (stepsOf(run).at(-1)?.step ?? -1) + 1, inspectedBy),
      quarantine(source.quarantine),
      protocols(measurements),
      environment(source),
      commands(source)
    ],
    footer: "Made from the files of the run's folder. This page asks for nothing and runs no script."
  })
}

/** A trouble, as it stands over the page. */
export const bannerOf = ({ kind, reasons, title }: Trouble): Markup =>
  markup`<div class="banner ${kind === "unfinished" ? "note" : ""}" role="note"><p>${title}</p>${reasons
    .slice(0, maxReasons)
    .map((reason) => markup`<p>${reason}</p>`)}${
    reasons.length > maxReasons ? markup`<p>and ${reasons.length - maxReasons} more</p>` : undefined
  }</div>`

const maxReasons = 5
