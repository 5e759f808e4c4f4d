import { type Fault, fault } from "../Dataset/fault.ts"
import type { ImageSource } from "../ImageSource.ts"

/** What is wrong with what a source says of itself; no image is read. */
export function* sourceFaults(source: ImageSource): Generator<Fault> {
  const { channels, numImages, size } = source
  yield* countFaults({ numImages, ...(size.kind === "fixed" ? pick(size) : {}), channels })
  yield* labelFaults(source)
}

const pick = ({ height, width }: { readonly height: number; readonly width: number }) => ({ height, width })

/** Sizes that are no counts. */
export function* countFaults(counts: Partial<Record<keyof typeof hints, number>>): Generator<Fault> {
  for (const [name, count] of Object.entries(counts)) {
    if (Number.isSafeInteger(count) && count >= 1) continue
    yield fault(name, count, "must be an integer of at least 1", hints[name as keyof typeof hints])
  }
}

/** Labels that are none of the classes, or not as many as there are images. */
export function* labelFaults({
  classes,
  labels,
  numImages
}: Pick<ImageSource, "classes" | "labels" | "numImages">): Generator<Fault> {
  if (labels === undefined) return
  if (!(labels instanceof Int32Array)) {
    yield fault("labels", typeName(labels), "must be an Int32Array", "one class index per image")
  }
  if (labels.length !== numImages) {
    const problem = `must be ${numImages}, numImages`
    yield fault(
      "labels.length",
      labels.length,
      problem,
      "give one class index per image, or no labels at all"
    )
  }
  const numClasses = classes?.length ?? 0
  if (numClasses === 0) {
    yield fault("classes.length", 0, "must be 1 or more names", "labels index into them; or give no labels")
  }
  const foreign = labels.findIndex((label) => !(label >= 0 && label < numClasses))
  if (foreign >= 0) {
    const problem = `must be below ${numClasses}, the number of classes, and not below 0`
    yield fault(`labels[${foreign}]`, labels[foreign], problem, "labels count classes from 0")
  }
}

const hints = {
  numImages: "give at least one image",
  height: "pixels of an image from top to bottom",
  width: "pixels of an image from left to right",
  channels: "1 for gray images, 3 for RGB"
} as const

/** E.g. `Float32Array`. */
export const typeName = (value: unknown): string =>
  Object.prototype.toString.call(value).slice("[object ".length, -1)
