import { Schema } from "effect"

/** A file of a data set could not be had from any of its addresses; what was wrong at each is in plain words. */
export class FetchFailed extends Schema.TaggedError<FetchFailed>()("FetchFailed", {
  dataset: Schema.String,
  file: Schema.String,
  tried: Schema.Array(Schema.Struct({ address: Schema.String, problem: Schema.String })),
  hint: Schema.String
}) {
  override get message() {
    const tried = this.tried.map(({ address, problem }) => `\n  ${address}: ${problem}`).join("")
    return `${this.dataset}: ${this.file} cannot be fetched${tried}\n  ${this.hint}`
  }
}
