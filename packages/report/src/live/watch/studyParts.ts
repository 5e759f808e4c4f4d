import { resultsOf } from "@moco/study/results"
import type { Study } from "@moco/study/Study"
import type { TrialRecord } from "@moco/study/TrialRecord"
import { shorten } from "@moco/train/RunConfig/Problem"
import { Effect, Path } from "effect"
import { draw } from "../../charts/draw.ts"
import { studySections } from "../../html/study/studyPage.ts"
import { type Markup, markup } from "../../markup.ts"
import { claimRule } from "../../study/files.ts"
import { madeOf } from "../../study/made.ts"
import { measuredOf } from "../../study/measured.ts"
import { sectionsOf } from "./runParts.ts"
import type { Part, Picture, Subject } from "./Subject.ts"
import { studyStatus, trialTable } from "./studyTable.ts"
import { type ReadStudy, type WatchedStudy, watchStudy } from "./watchedStudy.ts"

/** The page of a study that goes on: its trials, and what its report will have, as far as trials have ended. */
export const studySubject = Effect.fn("watch.studySubject")(function* (folder: string, readStudy: ReadStudy) {
  const path = yield* Path.Path
  const { current, look } = yield* watchStudy(folder, readStudy)
  const found = foundSoFar(folder)
  const subject: Subject = {
    look,
    draw: Effect.gen(function* () {
      const watched = yield* current
      const name = watched.study?.definition.name ?? path.basename(path.resolve(folder))
      const title = `Study ${shorten(name, maxName)}`
      const trials: ReadonlyArray<Part> = [
        { id: "status", html: studyStatus(title, watched) },
        { id: "trials", html: trialTable(watched) }
      ]
      const picture: Picture = {
        kind: "study",
        title,
        parts: [...trials, { id: "found", html: yield* found(watched) }]
      }
      return picture
    })
  }
  return subject
})

const maxName = 60

/** The report's sections; drawn again where a trial has ended, not where one goes on. */
const foundSoFar = (folder: string) => {
  let last:
    | { readonly study: Study; readonly records: ReadonlyArray<TrialRecord>; readonly html: Markup }
    | undefined
  return Effect.fnUntraced(function* ({ records, study }: WatchedStudy) {
    if (study === undefined) return markup``
    if (last?.study === study && last.records === records) return last.html
    const results = resultsOf(study, records)
    const { name } = study.definition
    const made = yield* madeOf({ study, results, records, command: name, folder })
    const charts = results.numCompleted === 0 ? [] : draw(results)
    const html = sectionsOf(
      studySections({ results, charts, claimRule, made, measured: measuredOf({ study, records }) })
    )
    last = { study, records, html }
    return html
  })
}
