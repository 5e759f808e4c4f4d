import { shellQuoted } from "@moco/native/shellQuoted"
import { Schema } from "effect"
import { changeable } from "../RunConfig/differences.ts"

/** A run cannot go on with another config than it has begun with. */
export class ConfigChanged extends Schema.TaggedError<ConfigChanged>()("ConfigChanged", {
  path: Schema.String,
  differences: Schema.Array(
    Schema.Struct({ path: Schema.String, before: Schema.String, now: Schema.String })
  ),
  /** What to do where no setting helps. */
  hint: Schema.optionalKey(Schema.String)
}) {
  override get message() {
    const lines = this.differences.map(({ before, now, path }) => `  ${path} was ${before} and is ${now}`)
    const hint =
      this.hint ??
      `leave these as they were, or start a new run with another --out; with --resume may change: ${changeable.join(", ")}`
    return [`the run in ${this.path} has begun with another config:`, ...lines, `  ${hint}`].join("\n")
  }
}

/** A run cannot go on with other weights than it has begun with; `before` and `now` tell where they are from. */
export class InitialWeightsChanged extends Schema.TaggedError<InitialWeightsChanged>()(
  "InitialWeightsChanged",
  {
    path: Schema.String,
    before: Schema.String,
    now: Schema.String
  }
) {
  override get message() {
    return [
      `the run in ${this.path} has begun with other weights, ${this.before}, and was given ${this.now}`,
      `  go on with it by --resume=${shellQuoted(this.path)}, or start a new run with another --out`
    ].join("\n")
  }
}
