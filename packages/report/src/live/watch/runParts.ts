import { shorten } from "@moco/train/RunConfig/Problem"
import { Effect, Path } from "effect"
import { definitions } from "../../charts/inline/pictures.ts"
import type { DrawnRun } from "../../charts/runChart/curves.ts"
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
import type { Part, Picture, Subject } from "./Subject.ts"
import { runStatus } from "./status.ts"
import { type WatchedRun, watchRun } from "./watchedRun.ts"

/** The page of a run that goes on: how far it is, and what its report will have, as far as there is something. */
export const runSubject = Effect.fn("watch.runSubject")(function* (folder: string) {
  const path = yield* Path.Path
  const { current, look } = yield* watchRun(folder)
  const name = shorten(path.basename(path.resolve(folder)), maxName)
  const partsOf = runParts(name)
  const draw = Effect.map(
    current,
    (run): Picture => ({ kind: "run", title: `Run ${name}`, parts: partsOf(run) })
  )
  const subject: Subject = { look, draw }
  return subject
})

const maxName = 60

/** Parts of a run's page behind its status, in order. */
const ids = ["troubles", "training", "results", "scores", "similarities", "inspection", "settings"] as const

/** Draws every part of the page of a run; one that has nothing to show yet is empty. What steps do not change is kept. */
const runParts = (name: string) => {
  const evaluated = kept((drawn: DrawnRun) => ({
    results: sectionsOf([headline(lastMeasurements(drawn))]),
    scores: sectionsOf([scores(drawn)]),
    similarities: sectionsOf([similarities(drawn)])
  }))
  const configured = kept((drawn: DrawnRun, isOver: boolean) =>
    sectionsOf([settings(drawn, isOver ? tookOf(drawn) : markup``)])
  )
  const looked = kept(inspectionOf)
  const htmlOf = ({ config, inspected, log, state }: WatchedRun): Partial<Record<Id, Markup>> => {
    if (config === undefined || log.first === undefined) return {}
    const drawn = drawnRun(name, config, log)
    const isOver = state === "finished"
    const numSteps = (log.lastStep?.step ?? -1) + 1
    // The top of the page tells whether it goes on.
    const troubles = troublesOf(drawn).filter(({ kind }) => kind !== "unfinished")
    return {
      troubles: markup`${troubles.map(bannerOf)}`,
      training: sectionsOf([training(drawn)]),
      ...evaluated([config, log.events], drawn),
      inspection: looked([inspected, isPast(inspected, numSteps)], inspected, numSteps),
      settings: configured([config, log.events, isOver], drawn, isOver)
    }
  }
  return (run: WatchedRun): ReadonlyArray<Part> => {
    const { heardAt, status } = run.log
    const html = htmlOf(run)
    return [
      { id: "status", html: runStatus({ name, state: run.state, reason: run.reason, status, heardAt }) },
      ...ids.map((id) => ({ id, html: html[id] ?? markup`` }))
    ]
  }
}

type Id = (typeof ids)[number]

/** Whether the run has gone on since its encoder was looked at. */
const isPast = (inspected: WatchedRun["inspected"], numSteps: number): boolean =>
  inspected !== undefined && "value" in inspected && inspected.value.inspection.step < numSteps

const inspectionOf = (inspected: WatchedRun["inspected"], numSteps: number): Markup =>
  inspected === undefined || "missing" in inspected
    ? markup``
    : markup`${definitions(Object.values(inspected.value.pictures))}${sectionsOf(inspection(inspected, numSteps))}`

/** What `draw` gave last, as long as what it depends on is the same. */
const kept = <Args extends ReadonlyArray<unknown>, A>(draw: (...args: Args) => A) => {
  let last: { readonly on: ReadonlyArray<unknown>; readonly value: A } | undefined
  return (on: ReadonlyArray<unknown>, ...args: Args): A => {
    if (last === undefined || on.some((one, i) => one !== last?.on[i])) last = { on, value: draw(...args) }
    return last.value
  }
}

/** Sections as a report has them. */
export const sectionsOf = (sections: ReadonlyArray<Section>): Markup =>
  markup`${sections.map(({ body, heading, id }) => markup`<section id="${id}"><h2>${heading}</h2>${body}</section>`)}`
