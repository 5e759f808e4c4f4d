import { Schema } from "effect"

/** A checkpoint cannot be written; `reason` and `hint` are in plain words. Older ones are as they were. */
export class CheckpointUnwritable extends Schema.TaggedError<CheckpointUnwritable>()("CheckpointUnwritable", {
  path: Schema.String,
  reason: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `the checkpoint ${this.path} cannot be written: ${this.reason}\n  ${this.hint}; older checkpoints are as they were`
  }
}

/** A checkpoint, or the folder of all of them, cannot be read: it may be whole, and so no older one is used instead. */
export class CheckpointUnreadable extends Schema.TaggedError<CheckpointUnreadable>()("CheckpointUnreadable", {
  path: Schema.String,
  reason: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `the checkpoint ${this.path} cannot be read: ${this.reason}\n  ${this.hint}`
  }
}

/** A checkpoint is damaged: a file of it is missing, has another length or another hash, or is no file at all. */
export class CheckpointCorrupt extends Schema.TaggedError<CheckpointCorrupt>()("CheckpointCorrupt", {
  path: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `the checkpoint file ${this.path} is damaged: ${this.problem}`
  }
}

/** There are checkpoints, and none is whole. */
export class NoCheckpointWhole extends Schema.TaggedError<NoCheckpointWhole>()("NoCheckpointWhole", {
  root: Schema.String,
  problems: Schema.Array(Schema.String)
}) {
  override get message() {
    return [
      `none of the ${this.problems.length} checkpoints in ${this.root} is whole:`,
      ...this.problems.map((problem) => `  ${problem}`),
      "  put back a copy of one of them, or start a new run with another --out"
    ].join("\n")
  }
}
