import * as CounterRandom from "@moco/core/CounterRandom"
import type { EvaluationSplit } from "../Catalog/CatalogEntry.ts"

/** Files with their classes, where they have any. */
export interface LabelledFiles {
  readonly files: ReadonlyArray<string>
  /** One class index per file. */
  readonly labels: Int32Array | undefined
}

/** What is trained on, and what an encoder is evaluated on. */
export interface Parts {
  readonly train: LabelledFiles
  readonly test: LabelledFiles | undefined
  readonly classes: ReadonlyArray<string> | undefined
}

/** How the images of a tree without folders of parts are parted. */
export interface HoldBack {
  /** The part of every class that an encoder is evaluated on, 0..1. */
  readonly fraction: number
  /** Unsigned 32-bit integer; the same in all runs that are compared. */
  readonly seed: number
}

/** Names that folders of parts go by. */
const partNames = {
  train: ["train", "training"],
  test: ["test", "testing"],
  validation: ["val", "valid", "validation"]
} as const

/**
 * Parts the files of a tree, which are in order.
 *
 * Where the tree has a folder `train`, its folders `test` and `val` are what an encoder is evaluated on; where there is
 * only one of these, `test` means that one. What has no folder is held back from the training images, by lot and class by
 * class. What is held back for `test` is neither trained nor evaluated on with `validation`.
 *
 * The folders of the first level, or of the first below the parts, are the classes, where every image is in one and there
 * are two at least.
 */
export const partsOf = (files: ReadonlyArray<string>, split: EvaluationSplit, holdBack: HoldBack): Parts => {
  const below = (part: keyof typeof partNames) =>
    files.filter((file) => partNames[part].some((name) => file.toLowerCase().startsWith(`${name}/`)))
  const [train, test, validation] = [below("train"), below("test"), below("validation")]
  if (train.length === 0) return heldBack(files, 0, holdBack, split === "validation")
  const tested = test.length > 0 ? test : validation
  const evaluated = split === "test" ? tested : test.length > 0 ? validation : []
  if (evaluated.length === 0) {
    return heldBack(train, 1, holdBack, split === "validation" && tested.length === 0)
  }
  const classes = classesOf([...train, ...evaluated], 1)
  return { classes, train: labelled(train, classes, 1), test: labelled(evaluated, classes, 1) }
}

/**
 * Parts files by lot, class by class. Without classes there is nothing to evaluate by, and nothing is held back.
 *
 * @param level  the folder that is the class, counted from the root
 * @param isSecond  another part of this size has been held back before
 */
const heldBack = (
  files: ReadonlyArray<string>,
  level: number,
  { fraction, seed }: HoldBack,
  isSecond: boolean
): Parts => {
  const classes = classesOf(files, level)
  const all = labelled(files, classes, level)
  const { labels } = all
  if (labels === undefined || fraction === 0) return { classes, train: all, test: undefined }
  const drawn = [...Map.groupBy(files.keys(), (row) => labels[row]!)].map(([label, rows]) => {
    const random = CounterRandom.make(seed, CounterRandom.Purpose.heldBack, label)
    const order = Array.from(CounterRandom.permutation(random, rows.length), (place) => rows[place]!)
    // A class of one or two images is trained on.
    const number = Math.min(Math.max(1, Math.round(rows.length * fraction)), Math.floor(rows.length / 3))
    const free = isSecond ? order.slice(number) : order
    return { train: free.slice(number), test: free.slice(0, number) }
  })
  const pick = (part: "train" | "test"): LabelledFiles => {
    const rows = Int32Array.from(drawn.flatMap((ofClass) => ofClass[part])).sort()
    return { files: Array.from(rows, (row) => files[row]!), labels: rows.map((row) => labels[row]!) }
  }
  const test = pick("test")
  return { classes, train: pick("train"), test: test.files.length === 0 ? undefined : test }
}

const classOf = (file: string, level: number): string | undefined => {
  const folders = file.split("/").slice(0, -1)
  return folders[level]
}

/** Sorted; undefined where an image is in no class, or all are in the same. */
const classesOf = (files: ReadonlyArray<string>, level: number): ReadonlyArray<string> | undefined => {
  const found = new Set(files.map((file) => classOf(file, level)))
  if (found.size < 2 || found.has(undefined)) return undefined
  return [...found].map((name) => name!).sort((a, b) => (a < b ? -1 : Number(a > b)))
}

const labelled = (
  files: ReadonlyArray<string>,
  classes: ReadonlyArray<string> | undefined,
  level: number
): LabelledFiles => {
  if (classes === undefined) return { files, labels: undefined }
  const indexOf = new Map(classes.map((name, index) => [name, index]))
  return { files, labels: Int32Array.from(files, (file) => indexOf.get(classOf(file, level)!)!) }
}
