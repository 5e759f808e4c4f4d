import { isOver } from "@moco/study/StudyRun"
import { renderSettings } from "@moco/study/settings"
import type { TrialRecord } from "@moco/study/TrialRecord"
import { duration } from "../../duration.ts"
import { largest } from "../../extent.ts"
import { missing } from "../../html/page.ts"
import { type Markup, markup } from "../../markup.ts"
import { inShort } from "../Progress/line.ts"
import { endedLine, type StudyStatus, secondsLeft } from "../StudyBar/line.ts"
import { bar, since } from "./status.ts"
import type { BegunTrial, WatchedStudy } from "./watchedStudy.ts"

/** How far a study is: how many of its runs have ended, what runs, and when something was last heard. */
export const studyStatus = (title: string, watched: WatchedStudy): Markup => {
  const { begun, isHeld, problems, records, study } = watched
  const numTrials = study?.trials.length ?? 0
  const numRunning = begun.filter(({ isRunning }) => isRunning).length
  const numDone = records.filter(isOver).length
  const failed = records.filter(({ outcome }) => outcome === "failed").length
  const state =
    numTrials > 0 && numDone === numTrials ? "finished" : isHeld || numRunning > 0 ? "running" : "interrupted"
  const left = numRunning === 0 ? undefined : timeLeft(watched)
  const heardAt = newest([
    ...records.map(({ time }) => time),
    ...begun.flatMap(({ last }) => last?.time ?? [])
  ])
  const entries: ReadonlyArray<readonly [string, string | Markup]> = [
    ["runs", `${numDone} of ${numTrials}`],
    ["running", String(numRunning)],
    ["failed", String(failed)],
    ...(left === undefined ? [] : [["time left", `about ${duration(left)}`] as const]),
    ...(heardAt === undefined ? [] : [["last heard", since(heardAt)] as const])
  ]
  return markup`<div class="status ${state}" data-title="${numDone}/${numTrials} ${state}: ${title}">
<p class="state"><strong>${state}</strong>${state === "interrupted" ? ": no process works in it; the same command goes on with it" : ""}</p>
${problems.map((problem) => markup`<p class="bad">${problem}</p>`)}${bar({ done: numDone, numSteps: Math.max(1, numTrials) }, "runs that have ended")}
<dl>${entries.map(([label, value]) => markup`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>
</div>`
}

const newest = (times: ReadonlyArray<string>): number | undefined => {
  const all = times.map((time) => Date.parse(time)).filter(Number.isFinite)
  return all.length === 0 ? undefined : largest(all)
}

/** As the command line tells it. */
const timeLeft = ({ begun, records, study }: WatchedStudy): number | undefined => {
  const running = begun.filter(({ isRunning }) => isRunning)
  const heardAt = newest(running.flatMap(({ last }) => last?.time ?? []))
  if (study === undefined || heardAt === undefined) return undefined
  const status: StudyStatus = {
    trials: study.trials,
    ended: new Map(records.filter(isOver).map((record) => [record.trial, record])),
    running: new Map(
      running.map(({ first, last, trial }) => [
        trial.id,
        { trial, startedAt: first.at, first, progress: last === undefined ? undefined : { ...last } }
      ])
    ),
    concurrency: running.length
  }
  return secondsLeft(status, heardAt)
}

/** Rows that anybody reads. */
const maxRows = 300

/** A row for each trial: those that run, those that have failed, those that have ended, those that wait. */
export const trialTable = (watched: WatchedStudy): Markup => {
  const { begun, records, study } = watched
  if (study === undefined) return markup``
  const recordOf = new Map(records.map((record) => [record.trial, record]))
  const begunOf = new Map(begun.map((one) => [one.trial.id, one]))
  const rows = study.trials
    .map((trial) =>
      rowOf(renderSettings(trial.settings), trial.seed, begunOf.get(trial.id), recordOf.get(trial.id))
    )
    .toSorted((a, b) => a.rank - b.rank)
  const more = rows.length - maxRows
  return markup`<section id="trials"><h2>Runs</h2><div class="card"><div class="scroll"><table><thead><tr>${[
    "setting",
    "seed",
    "state",
    "how far",
    "what it says"
  ].map(
    (head) => markup`<th scope="col">${head}</th>`
  )}</tr></thead><tbody>${rows.slice(0, maxRows).map(({ html }) => html)}</tbody></table></div>${more > 0 ? missing(`and ${more} more`) : undefined}</div></section>`
}

interface Row {
  readonly rank: number
  readonly html: Markup
}

const rowOf = (
  name: string,
  seed: number,
  begun: BegunTrial | undefined,
  record: TrialRecord | undefined
): Row => {
  const row = (rank: number, state: string, far: string | Markup, says: string): Row => ({
    rank,
    html: markup`<tr><th scope="row">${name}</th><td>${seed}</td><td>${state}</td><td>${far}</td><td class="says">${says}</td></tr>`
  })
  if (begun !== undefined && (begun.isRunning || record === undefined)) {
    const { isRunning, last } = begun
    const state = isRunning ? "running" : "interrupted"
    if (last === undefined) return row(isRunning ? 0 : 1, state, "starting", "")
    const far = markup`epoch ${last.epoch + 1} of ${last.numEpochs}${bar({ done: last.step + 1, numSteps: last.numSteps })}`
    return row(isRunning ? 0 : 1, state, far, inShort(last.metrics).join(", "))
  }
  if (record === undefined) return row(4, "waits", "", "")
  const says = endedLine(record).slice(`${name}, seed ${seed}: `.length)
  const epochs = record.epochs.length
  return row(
    record.outcome === "failed" ? 2 : 3,
    record.outcome,
    `${epochs} ${epochs === 1 ? "epoch" : "epochs"}`,
    says
  )
}
