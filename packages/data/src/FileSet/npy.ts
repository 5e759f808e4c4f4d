import { createHash } from "node:crypto"
import { Effect, FileSystem, Path } from "effect"
import { ImageUndecodable } from "../Decode/errors.ts"
import type { DecodeOptions } from "../Decode/options.ts"
import type { FileSet } from "../FileSet.ts"
import { malformed, noImages, unreadableFile } from "./faults.ts"
import { type ArrayForm, imagesForm, type OpenArray, openArray, readLabels } from "./npy/arrays.ts"
import type { Collection, Shard } from "./shards.ts"
import { partsOfShards, toldByLabels } from "./told.ts"

/** Words of a name that tell an array of labels, and words that tell nothing. */
const wordsOf: Readonly<Record<"labels" | "images", ReadonlyArray<string>>> = {
  labels: ["labels", "label", "targets", "y"],
  images: ["images", "image", "imgs", "x"]
}

/** What an array is, by its name: `train_labels.npy`, `y_train.npy` and `train.labels.npy` are the labels of `train`. */
export const roleOf = (name: string): { readonly isLabels: boolean; readonly key: string } => {
  const folder = name.slice(0, name.lastIndexOf("/") + 1)
  const words = name
    .slice(folder.length)
    .replace(/\.npy$/i, "")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
  const isLabel = (word: string) => wordsOf.labels.includes(word)
  const rest = words.filter((word) => !isLabel(word) && !wordsOf.images.includes(word))
  return { isLabels: words.some(isLabel), key: folder + rest.join("_") }
}

/** An array of images, with their labels where there are any. */
interface Arrays {
  readonly shard: Shard
  readonly images: OpenArray
  readonly form: ArrayForm
  readonly labels: Int32Array | undefined
}

/**
 * The images of NumPy arrays of unsigned bytes, images x height x width with or without channels behind it, read from the
 * files by slices. An array of labels goes by the name of its images, see {@link roleOf}; a file that is named alone brings
 * the one that lies beside it.
 *
 * Images are left as they are: nothing is shrunk, and channels may be anything from infrared to depth.
 */
export const openNpy = Effect.fn("FileSet.openNpy")(function* (
  collection: Collection,
  { maxPixels }: DecodeOptions
) {
  const { name, path } = collection
  const arrays = yield* arraysOf(collection)
  const [{ form }] = arrays
  const { channels, height, width } = form
  if (height * width > maxPixels) {
    const value = `${height} x ${width} pixels`
    return yield* malformed(
      path,
      "images",
      value,
      `must be at most ${maxPixels}`,
      "raise data.files.maxPixels"
    )
  }
  const numImages = arrays.reduce((sum, { form }) => sum + form.numImages, 0)
  if (numImages > maxImages) {
    const hint = "name a part of the files, or write larger images"
    return yield* malformed(path, "images", String(numImages), `must be at most ${maxImages}`, hint)
  }
  const starts = startsOf(arrays.map((each) => each.form.numImages))
  const names = arrays.flatMap(({ form: { numImages }, shard }) =>
    Array.from({ length: numImages }, (_, index) => `${shard.name}/${String(index).padStart(9, "0")}`)
  )
  const numBytes = height * width * channels
  const decode = Effect.fnUntraced(function* (index: number) {
    const place = starts.findLastIndex((start) => start <= index)
    const { header, path: file, read } = arrays[place]!.images
    const at = header.dataAt + (index - starts[place]!) * numBytes
    const pixels_HWC = yield* Effect.mapError(
      read(at, at + numBytes),
      ({ message }) => new ImageUndecodable({ file, problem: message, isRead: false })
    )
    if (pixels_HWC.length === numBytes) return { height, width, pixels_HWC }
    return yield* new ImageUndecodable({
      file: names[index]!,
      problem: "the array was cut off",
      isRead: false
    })
  })
  const set: FileSet = {
    ...{ name, path, names, decode, isRaw: true, form: { height, width, channels } },
    told: toldOf(arrays),
    sha256: yield* digestsOf(arrays),
    notes: [...collection.notes, ...notesOf(arrays)]
  }
  return set
})

/** The first image of each array among all. */
const startsOf = (counts: ReadonlyArray<number>): ReadonlyArray<number> => {
  let start = 0
  return counts.map((count) => {
    start += count
    return start - count
  })
}

const arraysOf = Effect.fnUntraced(function* ({ path, shards }: Collection) {
  const images = shards.filter((shard) => !roleOf(shard.name).isLabels)
  const labels = [...shards.filter((shard) => roleOf(shard.name).isLabels), ...(yield* besides(shards))]
  const arrays: Array<Arrays> = []
  for (const shard of images) {
    const array = yield* openArray(shard)
    const form = yield* imagesForm(array)
    const { key } = roleOf(shard.name)
    const ofKey = labels.filter(({ name }) => roleOf(name).key === key)
    if (ofKey.length > 1) {
      const both = ofKey.map(({ name }) => name).join(", ")
      return yield* malformed(
        shard.path,
        "labels",
        both,
        "must be one array",
        "leave one of them, and put the others elsewhere"
      )
    }
    const found =
      ofKey[0] &&
      (yield* Effect.scoped(Effect.flatMap(openArray(ofKey[0]), (open) => readLabels(open, form.numImages))))
    arrays.push({ shard, images: array, form, labels: found })
  }
  const [first, ...others] = arrays
  if (first === undefined) {
    const hint =
      "name the images' file so: train.npy beside train_labels.npy, or images.npy beside labels.npy"
    return yield* noImages(
      path,
      "arrays of images",
      "0",
      "must be 1 or more: all are named as labels are",
      hint
    )
  }
  const other = others.find(({ form }) => sizeOf(form) !== sizeOf(first.form))
  if (other !== undefined) {
    const problem = `must be ${sizeOf(first.form)}, as of ${first.shard.name}`
    return yield* malformed(
      other.shard.path,
      "images",
      sizeOf(other.form),
      problem,
      "bring all arrays to one form"
    )
  }
  return [first, ...others] as const
})

const sizeOf = ({ channels, height, width }: ArrayForm) => `${height} x ${width} x ${channels}`

/** Labels that lie beside a file that was named alone. */
const besides = Effect.fnUntraced(function* (shards: ReadonlyArray<Shard>) {
  const [shard] = shards
  if (shards.length !== 1 || shard === undefined) return []
  const [fileSystem, path] = [yield* FileSystem.FileSystem, yield* Path.Path]
  const folder = path.dirname(shard.path)
  const names = yield* Effect.mapError(fileSystem.readDirectory(folder), unreadableFile(folder))
  const { key } = roleOf(path.basename(shard.name))
  return names
    .filter((name) => /\.npy$/i.test(name) && roleOf(name).isLabels && roleOf(name).key === key)
    .map((name): Shard => ({ name, path: path.join(folder, name), numBytes: 0 }))
})

const toldOf = (arrays: ReadonlyArray<Arrays>) => {
  const parts = partsOfShards(arrays.map(({ shard }) => shard.name))
  const areLabelled = arrays.every(({ labels }) => labels !== undefined)
  const labels = arrays.flatMap((array) =>
    areLabelled ? Array.from(array.labels!) : Array<undefined>(array.form.numImages).fill(undefined)
  )
  return {
    ...toldByLabels(labels),
    parts: arrays.flatMap(({ form }, place) => Array(form.numImages).fill(parts[place]))
  }
}

function* notesOf(arrays: ReadonlyArray<Arrays>): Generator<string> {
  const without = arrays.filter(({ labels }) => labels === undefined)
  if (without.length === 0 || without.length === arrays.length) return
  yield `${without.map(({ shard }) => shard.name).join(", ")} have no labels beside them: no labels are used`
}

/** Bytes at either end of an array by which it is known. */
const endBytes = 2 ** 20

/** Each has a name, and an order of all of them is drawn in every epoch. */
const maxImages = 20_000_000

/** What arrays are known by: their form, their labels, and what stands at both ends of them. */
const digestsOf = Effect.fnUntraced(function* (arrays: ReadonlyArray<Arrays>) {
  const digests: Record<string, string> = {}
  for (const { form, images, labels, shard } of arrays) {
    const { header, read, size } = images
    const hash = createHash("sha256").update(JSON.stringify(form))
    hash.update(yield* read(header.dataAt, Math.min(size, header.dataAt + endBytes)))
    hash.update(yield* read(Math.max(header.dataAt, size - endBytes), size))
    if (labels !== undefined) hash.update(new Uint8Array(labels.buffer))
    digests[`both ends of ${shard.name}`] = hash.digest("hex")
  }
  return digests
})
