import { Schema } from "effect"

/** A run is left as it is, for a process works in its folder. */
export class RunInUse extends Schema.TaggedError<RunInUse>()("RunInUse", {
  path: Schema.String,
  owner: Schema.String,
  /** What was to be done with it. */
  wanted: Schema.Literals(["removed", "inspected"])
}) {
  override get message() {
    const nothing = this.wanted === "removed" ? "removed" : "written"
    return `${this.path} is not ${this.wanted}: ${this.owner} works in it\n  wait until it has ended, or stop it; nothing was ${nothing}`
  }
}
