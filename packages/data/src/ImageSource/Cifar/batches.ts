import { Effect, Result } from "effect"
import type { DatasetInvalid } from "../../Dataset/errors.ts"
import { invalid, type ReadPart } from "../../Parts.ts"
import * as Pickle from "../../Pickle.ts"
import type { Whereabouts } from "../../PublishedFile.ts"
import { numValues, type Planes } from "../planes.ts"

/** Labels of an image: under which key a pickle has them, and how many classes they count. */
export interface LabelKind {
  readonly key: string
  readonly numClasses: number
}

/** What every batch of images has in common. */
export interface BatchForm {
  readonly planes: Planes
  /** In the order in which a row begins with them; the last is the images' class. */
  readonly labels: readonly [LabelKind, ...ReadonlyArray<LabelKind>]
}

/** Images of a file as they lie in it: those of image i begin at `first + i * step`. */
export interface Batch {
  readonly numImages: number
  readonly planes: Uint8Array
  readonly first: number
  readonly step: number
  /** One class index per image. */
  readonly labels: Uint8Array
}

type Decode = (
  part: ReadPart,
  numImages: number,
  form: BatchForm,
  about: Whereabouts
) => Effect.Effect<Batch, DatasetInvalid>

/** Rows of a byte for every label, and then the image's planes. */
export const fromRows: Decode = Effect.fnUntraced(function* (part, numImages, { labels, planes }, about) {
  const { bytes } = part
  const step = rowSize({ labels, planes })
  const ofKinds = labels.map((kind, place) => ({
    kind,
    values: Array.from({ length: numImages }, (_, image) => bytes[image * step + place]!)
  }))
  for (const { kind, values } of ofKinds) yield* checkLabels(part, kind, values, about)
  const last = Uint8Array.from(ofKinds.at(-1)!.values)
  return { numImages, planes: bytes, first: labels.length, step, labels: last }
})

/** Bytes of a row. */
export const rowSize = ({ labels, planes }: BatchForm): number => labels.length + numValues(planes)

/** A pickled dictionary: `data`, an array of an image's planes a row, and a list of each kind of label. */
export const fromPickle: Decode = Effect.fnUntraced(function* (part, numImages, { labels, planes }, about) {
  const { bytes, origin } = part
  const step = numValues(planes)
  const result = Pickle.read(bytes, { maxOps: maxOpsOf(numImages) })
  if (Result.isFailure(result)) {
    const { offset, problem, value } = result.failure
    return yield* invalid(about, `byte ${offset} of ${origin}`, value, problem)
  }
  const { entries } = result.success
  const data = entries.get("data")
  const shape = typeof data === "object" && data?.kind === "array" ? data.shape : undefined
  const wanted = `must be an array of ${numImages} x ${step} unsigned bytes`
  if (typeof data !== "object" || data?.kind !== "array" || shape?.join() !== `${numImages},${step}`) {
    return yield* invalid(about, `data of ${origin}`, shape?.slice(0, 4).join(" x ") ?? "no array", wanted)
  }
  const pixels = Pickle.bytesOf(data.data, numImages * step)
  if (pixels === undefined) return yield* invalid(about, `data of ${origin}`, "other bytes", wanted)
  let last = new Uint8Array()
  for (const kind of labels) {
    const list = entries.get(kind.key)
    const values = typeof list === "object" && list?.kind === "list" ? list.items : []
    if (values.length !== numImages) {
      const problem = `must be a list of ${numImages} labels`
      return yield* invalid(about, `${kind.key} of ${origin}`, `${values.length} labels`, problem)
    }
    yield* checkLabels(part, kind, values, about)
    last = Uint8Array.from(values as ReadonlyArray<number>)
  }
  return { numImages, planes: pixels, first: 0, step, labels: last }
})

/** Every image has one or two labels and the name of its file, which Python 3 writes with eight instructions. */
const maxOpsOf = (numImages: number): number => 1024 + 16 * numImages

/** The most bytes of a pickle: those from 128 on are written as two by Python 3, and a name of a file is short. */
export const maxPickleBytes = (numImages: number, { planes }: BatchForm): number =>
  2 ** 16 + numImages * (2 * numValues(planes) + 512)

const checkLabels = (
  { origin }: ReadPart,
  { key, numClasses }: LabelKind,
  values: ReadonlyArray<unknown>,
  about: Whereabouts
) => {
  const isLabel = (value: unknown) =>
    Number.isInteger(value) && Number(value) >= 0 && Number(value) < numClasses
  const wrong = values.findIndex((value) => !isLabel(value))
  if (wrong < 0) return Effect.void
  const value = values[wrong]
  const problem = `must be a whole number below ${numClasses}, the number of classes`
  return Effect.fail(
    invalid(
      about,
      `${key}[${wrong}] of ${origin}`,
      typeof value === "number" ? String(value) : "no number",
      problem
    )
  )
}
