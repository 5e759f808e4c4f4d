import { shorten } from "@moco/train/RunConfig/Problem"
import { Schema } from "effect"

/** What was named is no run's folder, or no folder at all. */
export class NoRun extends Schema.TaggedError<NoRun>()("NoRun", {
  path: Schema.String,
  problem: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `${shorten(this.path, 300)} is no run: ${this.problem}\n  ${this.hint}`
  }
}

/** What to do where a folder was expected to be a run's. */
export const nameRun = "give the folder of a run; npx moco runs list DIR shows those below a folder"
