import { Schema } from "effect"

/** TensorBoard cannot read a run's files, or reads something else than the run has told. */
export class TensorBoardDiffers extends Schema.TaggedError<TensorBoardDiffers>()("TensorBoardDiffers", {
  problem: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `${this.problem}\n  ${this.hint}`
  }
}
