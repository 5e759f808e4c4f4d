import type { Effect } from "effect"
import type { Dataset } from "../Dataset.ts"
import { sourceFaults } from "../ImageSource/faults.ts"
import type { ImageSource } from "../ImageSource.ts"
import type { DatasetInvalid } from "./errors.ts"
import { type Fault, fault, report, within } from "./fault.ts"
import type { ChannelStatistics } from "./statistics.ts"

/** Fails with the first part of `dataset` that is wrong: whoever reads images, labels or statistics asks this before. */
export const check = (dataset: Dataset["Service"]): Effect.Effect<void, DatasetInvalid> =>
  report(dataset.name, faults(dataset))

function* faults({ bank, input, mean, name, std, test, train }: Dataset["Service"]): Generator<Fault> {
  yield* nameFaults(name)
  yield* within("train", sourceFaults(train))
  if (bank !== undefined) yield* within("bank", sourceFaults(bank))
  if (test !== undefined) yield* within("test", sourceFaults(test))
  yield* formFaults({ bank, input, test, train })
  yield* statisticsFaults({ mean, std }, train.channels)
}

/** Parts that do not fit together, and images of a form that no encoder is given; no image is read. */
export function* formFaults({
  bank,
  input,
  test,
  train
}: Pick<Dataset["Service"], "bank" | "input" | "test" | "train">): Generator<Fault> {
  if (bank !== undefined) yield* within("bank", channelsFaults(bank, train))
  if (test === undefined) return yield* inputFaults(input, train)
  yield* within("test", channelsFaults(test, train))
  yield* within("test", classesFaults(test, bank ?? train, bank === undefined ? "train" : "bank"))
  yield* inputFaults(input, train)
}

/** A data set without a name. */
export function* nameFaults(name: string): Generator<Fault> {
  if (typeof name === "string" && name !== "") return
  yield fault("name", JSON.stringify(name), "must be a name", "figures of different names are not compared")
}

/** Where images to evaluate by are of another form than those that are trained on. */
function* channelsFaults({ channels }: ImageSource, train: ImageSource): Generator<Fault> {
  if (channels === train.channels) return
  const problem = `must be train.channels, ${train.channels}: one encoder reads both`
  yield fault("channels", channels, problem, "bring all images to the form of the training images")
}

/** Where the images that are asked about have other classes than those whose labels are given. */
function* classesFaults(test: ImageSource, bank: ImageSource, name: string): Generator<Fault> {
  const haveBoth = test.labels !== undefined && bank.labels !== undefined
  if (!haveBoth || JSON.stringify(test.classes) === JSON.stringify(bank.classes)) return
  const problem = `must be ${name}.classes: labels of both count the same classes`
  yield fault("classes", JSON.stringify(test.classes), problem, "give both the same names")
}

/** The most that an encoder sees of an image a side. */
export const maxInputSize = 1024

function* inputFaults(input: Dataset["Service"]["input"], train: ImageSource): Generator<Fault> {
  for (const side of ["height", "width"] as const) {
    if (Number.isSafeInteger(input[side]) && input[side] >= 1 && input[side] <= maxInputSize) continue
    const hint = "images are cropped and stretched to it"
    yield fault(`input.${side}`, input[side], `must be an integer of 1 to ${maxInputSize}`, hint)
  }
  if (input.channels !== train.channels) {
    const problem = `must be train.channels, ${train.channels}`
    yield fault("input.channels", input.channels, problem, "images keep their channels")
  }
}

/** Less divides pixels into numbers that an encoder cannot hold; an image set of one colour is given this. */
export const minStd = 1e-6

/** Means and standard deviations, where they are given, that are none or not one of a channel. */
export function* statisticsFaults(
  { mean, std }: Partial<ChannelStatistics>,
  channels: number
): Generator<Fault> {
  if (mean !== undefined) yield* numbersFaults("mean", mean, 0, channels)
  if (std !== undefined) yield* numbersFaults("std", std, minStd, channels)
}

function* numbersFaults(
  field: "mean" | "std",
  values: ReadonlyArray<number>,
  minimum: number,
  channels: number
): Generator<Fault> {
  const hint = "leave mean and std away in Dataset.make: they are then computed"
  if (values.length !== channels) {
    yield fault(`${field}.length`, values.length, `must be ${channels}, one number per channel`, hint)
  }
  const wrong = values.findIndex((value) => !(value >= minimum && value <= 1))
  if (wrong >= 0) {
    const problem = `must be ${minimum} to 1: it is of pixels / 255`
    yield fault(`${field}[${wrong}]`, values[wrong], problem, hint)
  }
}
