import * as CounterRandom from "@moco/core/CounterRandom"
import type { EvaluationSplit } from "../Catalog/CatalogEntry.ts"
import { type PartName, type Told, toldByFolders } from "./told.ts"

/** Some files of a collection with their classes, where they have any. */
export interface LabelledFiles {
  /** Their places among all files of the collection, in order. */
  readonly rows: Int32Array
  /** One class index per row. */
  readonly labels: Int32Array | undefined
}

/** What is trained on, and what an encoder is evaluated on. */
export interface Parts {
  readonly train: LabelledFiles
  readonly test: LabelledFiles | undefined
  readonly classes: ReadonlyArray<string> | undefined
  /** How many files are in none of the parts. */
  readonly numLeftOut: number
}

/** How the images of a tree without folders of parts are parted. */
export interface HoldBack {
  /** The part of every class that an encoder is evaluated on, 0..1. */
  readonly fraction: number
  /** Unsigned 32-bit integer; the same in all runs that are compared. */
  readonly seed: number
}

/**
 * Parts the files of a collection, which are in order, by what it tells of them, or else by their folders.
 *
 * Where there are files to train on, those of `test` and `val` are what an encoder is evaluated on; where there is only one
 * of these, or only `val` has classes, `test` means that one. What has no part of its own is held back from the training
 * images, by lot and class by class. What is held back for `test` is neither trained nor evaluated on with `validation`.
 *
 * There are classes where every image that is used is in one and there are two at least.
 */
export const partsOf = (
  files: ReadonlyArray<string>,
  split: EvaluationSplit,
  holdBack: HoldBack,
  told: Told = toldByFolders(files)
): Parts => {
  const rowsOf = (part: PartName | undefined) => rowsWhere(files.length, (row) => told.parts[row] === part)
  const [train, test, validation] = [rowsOf("train"), rowsOf("test"), rowsOf("validation")]
  const isSecond = split === "validation"
  if (train.length === 0) {
    const parts = heldBack(
      rowsWhere(files.length, () => true),
      told,
      holdBack,
      isSecond
    )
    return { ...parts, numLeftOut: 0 }
  }
  const numLeftOut = rowsOf(undefined).length
  // Some sets are published with a test part whose classes are kept secret.
  const isSecret =
    classesOf([train, test], told) === undefined && classesOf([train, validation], told) !== undefined
  const [first, second] = test.length === 0 || isSecret ? [validation, noRows] : [test, validation]
  const evaluated = split === "test" ? first : second
  if (evaluated.length === 0) {
    return { ...heldBack(train, told, holdBack, isSecond && first.length === 0), numLeftOut }
  }
  const classes = classesOf([train, evaluated], told)
  return {
    ...{ classes, numLeftOut },
    train: labelled(train, told, classes),
    test: labelled(evaluated, told, classes)
  }
}

const noRows = new Int32Array()

const rowsWhere = (numFiles: number, isWanted: (row: number) => boolean): Int32Array =>
  Int32Array.from({ length: numFiles }, (_, row) => row).filter(isWanted)

/**
 * Parts files by lot, class by class. Without classes there is nothing to evaluate by, and nothing is held back.
 *
 * @param rows  the files that are parted
 * @param isSecond  another part of this size has been held back before
 */
const heldBack = (
  rows: Int32Array,
  told: Told,
  { fraction, seed }: HoldBack,
  isSecond: boolean
): Omit<Parts, "numLeftOut"> => {
  const classes = classesOf([rows], told)
  const all = labelled(rows, told, classes)
  const { labels } = all
  if (labels === undefined || fraction === 0) return { classes, train: all, test: undefined }
  const drawn = [...Map.groupBy(rows.keys(), (place) => labels[place]!)].map(([label, places]) => {
    const random = CounterRandom.make(seed, CounterRandom.Purpose.heldBack, label)
    const order = Array.from(CounterRandom.permutation(random, places.length), (place) => places[place]!)
    // A class of one or two images is trained on.
    const number = Math.min(Math.max(1, Math.round(places.length * fraction)), Math.floor(places.length / 3))
    const free = isSecond ? order.slice(number) : order
    return { train: free.slice(number), test: free.slice(0, number) }
  })
  const pick = (part: "train" | "test") => {
    const places = Int32Array.from(drawn.flatMap((ofClass) => ofClass[part])).sort()
    return labelled(
      places.map((place) => rows[place]!),
      told,
      classes
    )
  }
  const test = pick("test")
  return { classes, train: pick("train"), test: test.rows.length === 0 ? undefined : test }
}

/** In the order of their labels; undefined where an image is in no class, or all are in the same. */
const classesOf = (
  parts: ReadonlyArray<Int32Array>,
  { classes, order }: Told
): ReadonlyArray<string> | undefined => {
  const found = new Set<string | undefined>()
  for (const rows of parts) for (const row of rows) found.add(classes[row])
  if (found.size < 2 || found.has(undefined)) return undefined
  return order ?? [...found].map((name) => name!).sort((a, b) => (a < b ? -1 : Number(a > b)))
}

const labelled = (
  rows: Int32Array,
  told: Told,
  classes: ReadonlyArray<string> | undefined
): LabelledFiles => {
  if (classes === undefined) return { rows, labels: undefined }
  const indexOf = new Map(classes.map((name, index) => [name, index]))
  return { rows, labels: rows.map((row) => indexOf.get(told.classes[row]!)!) }
}
