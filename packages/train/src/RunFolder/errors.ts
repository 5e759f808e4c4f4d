import { shellQuoted } from "@moco/native/shellQuoted"
import { Effect, Schema } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { fileTrouble } from "../fileTrouble.ts"

/** The folder that was asked for holds a run that has reached its end, or something else. */
export class RunFolderOccupied extends Schema.TaggedError<RunFolderOccupied>()("RunFolderOccupied", {
  path: Schema.String,
  holds: Schema.String,
  /** What may be done with what is there. */
  hint: Schema.optionalKey(Schema.String)
}) {
  override get message() {
    const use = this.hint === undefined ? "" : `${this.hint}, or `
    return `${this.path} holds ${this.holds}\n  ${use}choose another folder with --out, or leave --out away for a new one under runs/`
  }
}

/** A run that cannot go on, for there is nothing left of it to do. */
export const reachedItsEnd = (path: string, numEpochs?: number) =>
  new RunFolderOccupied({
    path,
    holds: "a run that has reached its end",
    hint: `train it longer with --resume=${shellQuoted(path)} --epochs=N${numEpochs === undefined ? "" : `, N above ${numEpochs}`}`
  })

/** There is no run in the folder that was to be continued. */
export class RunFolderEmpty extends Schema.TaggedError<RunFolderEmpty>()("RunFolderEmpty", {
  path: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `${this.path} holds no run to continue: ${this.problem}\n  give the folder of a run, e.g. --resume=runs/fashionMnist10k-1`
  }
}

/** A run has gone on since its encoder was read: what is found of that one is not its newest state's. */
export class RunWentOn extends Schema.TaggedError<RunWentOn>()("RunWentOn", {
  path: Schema.String,
  /** What is known of the encoder that was read, and of the newest one: `step 80`. */
  read: Schema.String,
  newest: Schema.String
}) {
  override get message() {
    return `${this.path} has gone on: what was looked at is its encoder of ${this.read}, and its newest whole one is of ${this.newest}\n  nothing was written; look at it again`
  }
}

/** The run folder, or a file in it, cannot be written; `reason` and `hint` are in plain words. */
export class RunFolderUnwritable extends Schema.TaggedError<RunFolderUnwritable>()("RunFolderUnwritable", {
  path: Schema.String,
  reason: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `${this.path} cannot be written: ${this.reason}\n  ${this.hint}`
  }
}

/** Says in plain words why `path` cannot be written. */
export const unwritable = (path: string) =>
  Effect.mapError((error: PlatformError) => new RunFolderUnwritable({ path, ...fileTrouble(error) }))
