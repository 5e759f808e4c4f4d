import { Schema } from "effect"

/** A file is no image that can be read. */
export class ImageUndecodable extends Schema.TaggedError<ImageUndecodable>()("ImageUndecodable", {
  file: Schema.String,
  problem: Schema.String,
  /** False where the file itself could not be read. */
  isRead: Schema.Boolean
}) {
  override get message() {
    const what = this.isRead ? "is no image that can be decoded" : "cannot be read"
    return `${this.file} ${what}: ${this.problem}\n  replace it or remove it`
  }
}
