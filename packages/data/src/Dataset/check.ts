import { Effect, Schema } from "effect"
import type { Dataset, ImageSet } from "../Dataset.ts"

/** A data set is not what it says; `field` is the part that is wrong, e.g. `test.labels[7]`. */
export class DatasetInvalid extends Schema.TaggedError<DatasetInvalid>()("DatasetInvalid", {
  dataset: Schema.String,
  field: Schema.String,
  value: Schema.String,
  problem: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `data set ${this.dataset}: ${this.field} = ${this.value}: ${this.problem}\n  ${this.hint}`
  }
}

/** A part of a data set that is wrong. */
interface Fault {
  readonly field: string
  readonly value: unknown
  readonly problem: string
  readonly hint: string
}

/** Fails with the first part of `dataset` that is wrong: whoever reads images, labels or statistics asks this before. */
export const check = (dataset: Dataset["Service"]): Effect.Effect<void, DatasetInvalid> =>
  report(dataset.name, faults(dataset))

/** Fails with the first thing wrong with the images and labels of `dataset`. */
export const checkImages = (dataset: OwnImages): Effect.Effect<void, DatasetInvalid> =>
  report(dataset.name, imageFaults(dataset))

/** What of a data set is known before its statistics are. */
export type OwnImages = Pick<Dataset["Service"], "name" | "classes" | "train" | "test">

/** Takes the first fault alone: what is looked at after it may rest on what is wrong. */
const report = (name: string, [fault]: Iterable<Fault>): Effect.Effect<void, DatasetInvalid> =>
  fault === undefined
    ? Effect.void
    : Effect.fail(new DatasetInvalid({ ...fault, dataset: String(name), value: String(fault.value) }))

function* faults(dataset: Dataset["Service"]): Generator<Fault> {
  yield* imageFaults(dataset)
  yield* statisticsFaults(dataset)
}

/** Labels are bytes. */
const maxClasses = 256

function* imageFaults({ classes, name, test, train }: OwnImages): Generator<Fault> {
  if (typeof name !== "string" || name === "") {
    yield fault("name", JSON.stringify(name), "must be a name", "figures of different names are not compared")
  }
  if (!(classes.length >= 1 && classes.length <= maxClasses)) {
    const problem = `must be 1 to ${maxClasses} names`
    yield fault("classes.length", classes.length, problem, "labels are bytes that index into them")
  }
  yield* setFaults("train", train, classes.length)
  yield* setFaults("test", test, classes.length)
  for (const side of ["height", "width", "channels"] as const) {
    if (test[side] === train[side]) continue
    const problem = `must be train.${side}, ${train[side]}: one encoder reads both`
    yield fault(
      `test.${side}`,
      test[side],
      problem,
      "bring the test images to the form of the training images"
    )
  }
}

function* setFaults(set: string, images: ImageSet, numClasses: number): Generator<Fault> {
  for (const size of ["numImages", "height", "width", "channels"] as const) {
    if (Number.isSafeInteger(images[size]) && images[size] >= 1) continue
    yield fault(`${set}.${size}`, images[size], "must be an integer of at least 1", sizes[size])
  }
  yield* bufferFaults(set, images)
  if (!(images.labels instanceof Uint8Array)) {
    yield fault(`${set}.labels`, typeName(images.labels), "must be a Uint8Array", "one class index per image")
  }
  if (images.labels.length !== images.numImages) {
    const problem = `must be ${images.numImages}, ${set}.numImages`
    yield fault(`${set}.labels.length`, images.labels.length, problem, "give one class index per image")
  }
  const foreign = images.labels.findIndex((label) => label >= numClasses)
  if (foreign >= 0) {
    const problem = `must be below ${numClasses}, the number of classes`
    yield fault(`${set}.labels[${foreign}]`, images.labels[foreign], problem, "labels count classes from 0")
  }
}

function* bufferFaults(set: string, images: ImageSet): Generator<Fault> {
  const { channels, height, numImages, pixels_NHWC, width } = images
  if (!(pixels_NHWC instanceof Uint8Array)) {
    const hint = "values are 0 to 255, channels innermost"
    yield fault(`${set}.pixels_NHWC`, typeName(pixels_NHWC), "must be a Uint8Array", hint)
  }
  const expected = numImages * height * width * channels
  if (pixels_NHWC.length !== expected) {
    const difference = expected - pixels_NHWC.length
    const problem = `must be ${expected}: ${numImages} images of ${height} x ${width} x ${channels}`
    const hint = difference > 0 ? `${difference} bytes are missing` : `${-difference} bytes are left over`
    yield fault(`${set}.pixels_NHWC.length`, pixels_NHWC.length, problem, hint)
  }
}

/** Less divides pixels into numbers that an encoder cannot hold; an image set of one colour is given this. */
export const minStd = 1e-6

function* statisticsFaults({ mean, std, train: { channels } }: Dataset["Service"]): Generator<Fault> {
  const hint = "leave mean and std away in Dataset.make: they are then computed"
  for (const [field, values, minimum] of [
    ["mean", mean, 0],
    ["std", std, minStd]
  ] as const) {
    if (values.length !== channels) {
      const problem = `must be ${channels}, one number per channel`
      yield fault(`${field}.length`, values.length, problem, hint)
    }
    const wrong = values.findIndex((value) => !(value >= minimum && value <= 1))
    if (wrong >= 0) {
      const problem = `must be ${minimum} to 1: it is of pixels / 255`
      yield fault(`${field}[${wrong}]`, values[wrong], problem, hint)
    }
  }
}

const fault = (field: string, value: unknown, problem: string, hint: string): Fault => ({
  field,
  value,
  problem,
  hint
})

const sizes = {
  numImages: "give at least one image",
  height: "pixels of an image from top to bottom",
  width: "pixels of an image from left to right",
  channels: "1 for gray images, 3 for RGB"
} as const

const typeName = (value: unknown): string =>
  Object.prototype.toString.call(value).slice("[object ".length, -1)
