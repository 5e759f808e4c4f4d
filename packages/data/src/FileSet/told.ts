/** Names that folders and shards of parts go by. */
const namesOfParts = {
  train: ["train", "training"],
  test: ["test", "testing"],
  validation: ["val", "valid", "validation"]
} as const

/** A part of a collection. */
export type PartName = keyof typeof namesOfParts

/** What a collection says of its files. */
export interface Told {
  /** The part that each file is of; none where it is of none. */
  readonly parts: ReadonlyArray<PartName | undefined>
  /** The name of each file's class; none where it has none. */
  readonly classes: ReadonlyArray<string | undefined>
  /** All classes in the order of their labels; without it they are those that are found, in the order of their names. */
  readonly order?: ReadonlyArray<string> | undefined
}

/** The part that a folder's name stands for. */
const partOfFolder = (folder: string): PartName | undefined => {
  const name = folder.toLowerCase()
  return allParts.find((part) => namesOfParts[part].some((known) => known === name))
}

const allParts = Object.keys(namesOfParts) as ReadonlyArray<PartName>

/**
 * Whether names are those of parts: one is to train on, and another to test on, or there is no other. `train` among cars and
 * buses is a class.
 */
const areParts = (parts: ReadonlyArray<PartName | undefined>): boolean =>
  parts.includes("train") &&
  (parts.includes("test") || parts.includes("validation") || !parts.includes(undefined))

/**
 * What folders say of the files in them: those of the first level are the parts, where they are named like these; those of
 * the next, or else of the first, are the classes.
 */
export const toldByFolders = (files: ReadonlyArray<string>): Told => {
  const folders = files.map((file) => file.split("/").slice(0, -1))
  const parts = folders.map(([first]) => (first === undefined ? undefined : partOfFolder(first)))
  const hasParts = areParts(parts)
  const level = hasParts ? 1 : 0
  return {
    parts: hasParts ? parts : parts.map(() => undefined),
    classes: folders.map((names) => names[level])
  }
}

/**
 * The part that a file of many images is of: by a word of its name, or of a folder's that it is in, the last that means
 * one. `imagenet-train-0001.tar` and `data/train/0001.tar` are to train on.
 */
export const partOfShard = (name: string): PartName | undefined =>
  name
    .split(/[^A-Za-z]+/)
    .map(partOfFolder)
    .findLast((part) => part !== undefined)

/**
 * The parts of shards, for each shard; none at all where their names are not those of parts: a lone `test.tar` is all that
 * there is.
 */
export const partsOfShards = (names: ReadonlyArray<string>): ReadonlyArray<PartName | undefined> => {
  const parts = names.map(partOfShard)
  return areParts(parts) ? parts : parts.map(() => undefined)
}

/** A class as a collection has it: a number, or a name. */
export type ClassKey = number | string

/**
 * Classes by what stands beside the images. Where all are numbers, they are in the order of these, and named after them;
 * else in the order of their names.
 */
export const toldByLabels = (keys: ReadonlyArray<ClassKey | undefined>): Pick<Told, "classes" | "order"> => {
  const found = [...new Set(keys)].filter((key) => key !== undefined)
  const areNumbers = found.every((key) => typeof key === "number")
  return {
    classes: keys.map((key) => (key === undefined ? undefined : String(key))),
    order: areNumbers ? (found as Array<number>).sort((a, b) => a - b).map(String) : undefined
  }
}
