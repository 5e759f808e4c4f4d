import { Schema } from "effect"

/** A flag whose value is of no use, or that another one makes meaningless. */
export class FlagsInvalid extends Schema.TaggedError<FlagsInvalid>()("FlagsInvalid", {
  /** As it was written, or as they were: `--resume=A and --out=B`. */
  flags: Schema.String,
  problem: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `${this.flags}: ${this.problem}\n  ${this.hint}`
  }
}
