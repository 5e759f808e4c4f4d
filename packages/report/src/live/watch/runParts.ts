import { shorten } from "@moco/train/RunConfig/Problem"
import { Effect, Path } from "effect"
import { definitions } from "../../charts/inline/pictures.ts"
import type { Section } from "../../html/page.ts"
import { lastMeasurements } from "../../html/run/measurements.ts"
import { bannerOf } from "../../html/run/runPage.ts"
import { troublesOf } from "../../html/run/troubles.ts"
import { headline } from "../../html/sections/headline.ts"
import { inspection } from "../../html/sections/inspection.ts"
import { scores } from "../../html/sections/scores.ts"
import { settings, tookOf } from "../../html/sections/settings.ts"
import { similarities } from "../../html/sections/similarities.ts"
import { training } from "../../html/sections/training.ts"
import { type Markup, markup } from "../../markup.ts"
import { drawnRun } from "./runSoFar.ts"
import type { Part, Subject } from "./Subject.ts"
import { runStatus } from "./status.ts"
import { type WatchedRun, watchRun } from "./watchedRun.ts"

/** The page of a run that goes on: how far it is, and what its report will have, as far as there is something. */
export const runSubject = Effect.fn("watch.runSubject")(function* (folder: string) {
  const path = yield* Path.Path
  const { current, look } = yield* watchRun(folder)
  const name = shorten(path.basename(path.resolve(folder)), maxName)
  const subject: Subject = {
    look,
    draw: Effect.map(current, (run) => ({ kind: "run", title: `Run ${name}`, parts: runParts(name, run) }))
  }
  return subject
})

const maxName = 60

/** Every part of the page of a run; one that has nothing to show yet is empty. */
export const runParts = (name: string, run: WatchedRun): ReadonlyArray<Part> => {
  const { config, inspected, log, reason, state } = run
  const { heardAt, status } = log
  const top = { id: "status", html: runStatus({ name, state, reason, status, heardAt }) }
  if (config === undefined || log.first === undefined) {
    return [top, ...ids.map((id) => ({ id, html: markup`` }))]
  }
  const drawn = drawnRun(name, config, log)
  const isOver = state === "finished"
  return [
    top,
    {
      id: "troubles",
      html: markup`${troublesOf(drawn)
        .filter(({ kind }) => kind !== "unfinished")
        .map(bannerOf)}`
    },
    part("training", [training(drawn)]),
    part("results", [headline(lastMeasurements(drawn))]),
    part("scores", [scores(drawn)]),
    part("similarities", [similarities(drawn)]),
    {
      id: "inspection",
      html:
        inspected === undefined || "missing" in inspected
          ? markup``
          : markup`${definitions(Object.values(inspected.value.pictures))}${sectionsOf(inspection(inspected))}`
    },
    part("settings", [settings(drawn, isOver ? tookOf(drawn) : markup``)])
  ]
}

const ids = ["troubles", "training", "results", "scores", "similarities", "inspection", "settings"]

const part = (id: string, sections: ReadonlyArray<Section>): Part => ({ id, html: sectionsOf(sections) })

/** Sections as a report has them. */
export const sectionsOf = (sections: ReadonlyArray<Section>): Markup =>
  markup`${sections.map(({ body, heading, id }) => markup`<section id="${id}"><h2>${heading}</h2>${body}</section>`)}`
