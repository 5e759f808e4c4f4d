import { shorten } from "@moco/train/RunConfig/Problem"
import * as RunFolder from "@moco/train/RunFolder"
import { filesOf } from "@moco/train/RunFolder/files"
import * as RunLog from "@moco/train/RunLog"
import { Effect, Path, Schema } from "effect"
import { type RunEnvironment, readEnvironment } from "../../environment.ts"
import { visibleMeasurement } from "../visible.ts"
import type { DrawnRun } from "./curves.ts"

/** There is nothing to draw in a folder. */
export class RunUndrawable extends Schema.TaggedError<RunUndrawable>()("RunUndrawable", {
  path: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `${shorten(this.path, 300)} cannot be drawn: ${this.problem}\n  give the folder of a run that has taken a step, e.g. runs/fashionMnist10k-1`
  }
}

/** Longer names leave no room for the lines that they name. */
const maxName = 60

/** A run that can be drawn, and where it was read from. */
export interface ReadRun extends DrawnRun {
  readonly path: string
  readonly environment: RunEnvironment | undefined
}

/** What a run folder tells of its run. */
export const readRun = Effect.fn("report.readRun")(function* (folderPath: string) {
  const path = yield* Path.Path
  const undrawable = (problem: string) => new RunUndrawable({ path: folderPath, problem })
  if (!(yield* RunFolder.exists(folderPath))) return yield* undrawable("there is no such folder")
  const folder = filesOf(path, folderPath)
  for (const file of [folder.config, folder.metrics]) {
    if (!(yield* RunFolder.exists(file))) return yield* undrawable(`it has no ${path.basename(file)}`)
  }
  const config = yield* RunFolder.readConfig(folder)
  const events = yield* RunLog.read(folder.metrics)
  if (!events.some(({ event }) => event === "step")) return yield* undrawable("its log has no step")
  const name = shorten(path.basename(path.resolve(folderPath)), maxName)
  const run: ReadRun = {
    name,
    path: shorten(folderPath, maxName),
    config,
    events: events.map(visibleEvent),
    environment: yield* readEnvironment(folder.environment)
  }
  return run
})

/** What was measured may be called anything by a log from elsewhere. */
export const visibleEvent = (event: RunLog.RunRecord): RunLog.RunRecord =>
  event.event === "evaluation"
    ? { ...event, measurements: event.measurements.map(visibleMeasurement) }
    : event
