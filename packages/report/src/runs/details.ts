import { Measurement } from "@moco/evaluation/Measurement"
import type { RunConfig } from "@moco/train/RunConfig"
import { configDifferences } from "@moco/train/RunConfig/differences"
import * as RunFolder from "@moco/train/RunFolder"
import { KeptEvaluation, type KeptEvaluations, readEvaluated } from "@moco/train/RunFolder/evaluated"
import type { Scanned } from "@moco/train/RunLog/scan"
import { recipes } from "@moco/train/recipes"
import { Effect, Path, Schema } from "effect"
import { RunEnvironment, readEnvironment } from "../environment.ts"
import { type Content, contentsOf } from "./contents.ts"
import { requireRun } from "./find.ts"
import { LeftOut, leftOutOf } from "./leftOut.ts"
import { failuresOf } from "./list.ts"
import { type LookedAt, lookAt } from "./look.ts"
import { RunSummary, summaryOf } from "./summary.ts"

/** What `moco runs show --json` prints. */
export const RunDetails = Schema.Struct({
  run: RunSummary,
  /** Settings that are not the recipe's; nothing where there is no such recipe, or no config that can be read. */
  settings: Schema.NullOr(
    Schema.Array(Schema.Struct({ path: Schema.String, recipe: Schema.String, run: Schema.String }))
  ),
  /** What has happened beside steps and evaluations, oldest first. */
  history: Schema.Array(Schema.Struct({ time: Schema.String, step: Schema.Finite, what: Schema.String })),
  /** The newest of every metric and subject. */
  measurements: Schema.Array(Measurement),
  /** What `moco evaluate` has found of its encoder since, oldest first. */
  evaluatedAfterwards: Schema.Array(KeptEvaluation),
  /** The state that was the best by the first metric, where a checkpoint tells. */
  best: Schema.NullOr(Schema.Struct({ step: Schema.Finite, metric: Schema.String, value: Schema.Finite })),
  evaluationSeconds: Schema.NullOr(Schema.Number),
  environment: Schema.NullOr(RunEnvironment),
  /** Files of the data set that are no images. */
  leftOut: LeftOut,
  /** What is wrong with its files. */
  damage: Schema.Array(Schema.String),
  /** Of a checkpoint's folder all files together. */
  files: Schema.Array(
    Schema.Struct({ name: Schema.String, bytes: Schema.Finite, isWrittenByRun: Schema.Boolean })
  ),
  /** What can be done with it. */
  commands: Schema.Array(Schema.Struct({ purpose: Schema.String, command: Schema.String }))
})
export type RunDetails = typeof RunDetails.Type

/** A run as a whole: what is known of it, and what it has run on. */
export interface WholeRun {
  readonly looked: LookedAt
  readonly environment: RunEnvironment | undefined
}

/** Of a run of which nothing is read. */
const nothingFound: KeptEvaluations = { found: [], problems: [] }

/** Reads all that there is of a run, but for its single steps. */
export const readWhole = Effect.fn("runs.readWhole")(function* (folder: string) {
  yield* requireRun(folder)
  const failure = (yield* failuresOf([{ path: folder }])).get(folder)
  const looked = yield* lookAt(folder, { log: "whole", failure })
  const environment = isRead(looked) ? yield* readEnvironment(looked.folder.environment) : undefined
  const whole: WholeRun = { looked, environment }
  return whole
})

/** Where a file of it is a link, nothing is read. */
const isRead = ({ config, log }: LookedAt): boolean => config !== undefined || log !== undefined

/**
 * Everything about one run.
 *
 * @param commandsOf  what can be done with a run, as it is typed
 */
export const detailsOf = Effect.fn("runs.detailsOf")(function* (
  folder: string,
  commandsOf: (run: RunSummary, whole: WholeRun) => RunDetails["commands"]
) {
  const path = yield* Path.Path
  const whole = yield* readWhole(folder)
  const { environment, looked } = whole
  const { config, damage, evaluationSeconds, log, measurements, newest } = looked
  const run = summaryOf(path.basename(path.resolve(folder)), looked)
  const best = newest?.progress.best
  const since = isRead(looked) ? yield* readEvaluated(looked.folder.evaluations) : nothingFound
  const contents = yield* Effect.orElseSucceed(contentsOf(folder), () => [])
  const details: RunDetails = {
    run,
    settings: config === undefined ? null : settingsBeside(config),
    history: historyOf(log),
    measurements,
    evaluatedAfterwards: since.found,
    best: best === undefined ? null : { step: best.step, metric: best.metric, value: best.value },
    evaluationSeconds: evaluationSeconds ?? null,
    environment: environment ?? null,
    leftOut: leftOutOf(isRead(looked) ? yield* RunFolder.readQuarantine(looked.folder) : []),
    damage: [...damage, ...since.problems],
    files: filesWithSizes(contents, path.sep),
    commands: commandsOf(run, whole)
  }
  return details
})

/** Settings of a run that its recipe has at another value. */
const settingsBeside = (config: RunConfig): RunDetails["settings"] => {
  const recipe = Object.hasOwn(recipes, config.recipe) ? recipes[config.recipe] : undefined
  return recipe === undefined
    ? null
    : configDifferences(recipe(), config).map(({ before, now, path }) => ({ path, recipe: before, run: now }))
}

const historyOf = (log: Pick<Scanned, "events"> | undefined): RunDetails["history"] =>
  (log?.events ?? []).flatMap((event) => {
    const what = wordsOf(event)
    return what === undefined ? [] : [{ time: event.time, step: event.step, what }]
  })

const wordsOf = (event: Scanned["events"][number]): string | undefined => {
  switch (event.event) {
    case "evaluation":
      return undefined
    case "resumed":
      return "went on"
    case "configChanged":
      return `went on with ${event.changes.map(({ before, now, path }) => `${path} = ${now} (was ${before})`).join(", ")}`
    case "initialised":
      return `began with the weights of ${event.source}, SHA-256 ${event.sha256.slice(0, 12)}`
    case "rolledBack":
      return `went back from step ${event.failedStep}: ${event.reason}; learning rate times ${event.rateFactor}`
    case "standstill":
      return event.message
    case "diverged":
      return `diverged: ${event.reason.split("\n")[0]}`
    case "finished":
      return event.outcome === "completed" ? "reached its end" : "was stopped"
  }
}

/** The files of each checkpoint are added up. */
const filesWithSizes = (contents: ReadonlyArray<Content>, separator: string): RunDetails["files"] => {
  const shownAs = ({ isOfRun, name }: Content) =>
    isOfRun ? name.split(separator).slice(0, 2).join(separator) : name
  const groups = Map.groupBy(
    contents.filter(({ isFolder, isOfRun }) => !isFolder || !isOfRun),
    shownAs
  )
  return [...groups].map(([name, files]) => ({
    name: files[0]!.isFolder ? `${name}${separator}` : name,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    isWrittenByRun: files.every(({ isOfRun }) => isOfRun)
  }))
}
