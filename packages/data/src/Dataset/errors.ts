import { Schema } from "effect"

/** A file of the data set is in none of the folders that were searched. */
export class DatasetMissing extends Schema.TaggedError<DatasetMissing>()("DatasetMissing", {
  dataset: Schema.String,
  file: Schema.String,
  searched: Schema.Array(Schema.String),
  hint: Schema.String
}) {
  override get message() {
    const places =
      this.searched.length === 0 ? "no folder was given" : `searched: ${this.searched.join(", ")}`
    return `${this.dataset}: ${this.file} was not found (${places})\n  ${this.hint}`
  }
}

/** A file of the data set exists and cannot be read. */
export class DatasetUnreadable extends Schema.TaggedError<DatasetUnreadable>()("DatasetUnreadable", {
  file: Schema.String,
  hint: Schema.String,
  cause: Schema.Defect()
}) {
  override get message() {
    // The platform's error names the call that failed; why it failed stands in the system's error below it.
    const cause = this.cause instanceof Error ? (this.cause.cause ?? this.cause) : this.cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    return `${this.file} cannot be read: ${reason}\n  ${this.hint}`
  }
}

/**
 * A file is not the published one: `expected` and `actual` are its SHA-256, or what `algorithm` says; of a file that may lie
 * compressed or not they are of the decompressed bytes, where those are known.
 */
export class DatasetCorrupt extends Schema.TaggedError<DatasetCorrupt>()("DatasetCorrupt", {
  file: Schema.String,
  algorithm: Schema.optionalKey(Schema.Literals(["SHA-256", "MD5", "size"])),
  expected: Schema.String,
  actual: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    const { algorithm = "SHA-256" } = this
    return `${this.file} is damaged: its ${algorithm} should be ${this.expected}, it is ${this.actual}\n  ${this.hint}`
  }
}

/** A data set is not what it says; `field` is the part that is wrong, e.g. `test.labels[7]`. */
export class DatasetInvalid extends Schema.TaggedError<DatasetInvalid>()("DatasetInvalid", {
  dataset: Schema.String,
  field: Schema.String,
  value: Schema.String,
  problem: Schema.String,
  hint: Schema.String,
  /** Whether it is a whole file of something else than images. */
  holdsNoImages: Schema.optionalKey(Schema.Boolean)
}) {
  override get message() {
    return `data set ${this.dataset}: ${this.field} = ${this.value}: ${this.problem}\n  ${this.hint}`
  }
}

/** An image was asked for that the source does not have. */
export class ImageIndexInvalid extends Schema.TaggedError<ImageIndexInvalid>()("ImageIndexInvalid", {
  source: Schema.String,
  index: Schema.Number,
  numImages: Schema.Int
}) {
  override get message() {
    const { index, numImages, source } = this
    return `image ${index} of ${source} was asked for; it has ${numImages} images, counted from 0\n  ask for 0 to ${numImages - 1}`
  }
}
