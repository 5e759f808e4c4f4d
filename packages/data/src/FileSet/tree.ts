import { lstat, readdir } from "node:fs/promises"
import { Effect, Path } from "effect"
import { DatasetUnreadable } from "../Dataset/errors.ts"
import { isImageName } from "../Decode/format.ts"

/** The image files below a folder. */
export interface Tree {
  readonly root: string
  /** Below the root, with `/` between folders; in the order of their characters, which is the same on every system. */
  readonly files: ReadonlyArray<string>
  /** What else may hold images: files whose names say nothing of what is in them. */
  readonly others: ReadonlyArray<string>
  /** Links that were met; none is followed. */
  readonly numLinks: number
  /** Folders that were not looked into, for they are too deep. */
  readonly numTooDeep: number
  /** Files and folders whose names are not UTF-8: by what is made of these nothing is found. */
  readonly numUnnamed: number
}

/** Folders within folders that are looked into; more are a mistake, or an attack. */
const maxDepth = 64

/**
 * Looks for image files below a folder, by their names. Hidden files and folders are left out, and so are links: what
 * they lead to may be outside of the tree, or the tree itself.
 *
 * A folder of 100,000 files is listed within a second: nothing is asked of the files but their names.
 */
export const listTree = Effect.fn("FileSet.listTree")(function* (root: string) {
  const path = yield* Path.Path
  const files: Array<string> = []
  const others: Array<string> = []
  let [numLinks, numUnnamed] = [0, 0]
  let level: ReadonlyArray<string> = [""]
  for (let depth = 0; depth < maxDepth && level.length > 0; depth++) {
    const next: Array<string> = []
    for (const folder of level) {
      const full = path.join(root, folder)
      const entries = yield* Effect.tryPromise({
        try: () => readdir(full, { withFileTypes: true }),
        catch: (cause) =>
          new DatasetUnreadable({ file: full, hint: "check the name and its permissions", cause })
      })
      for (const entry of entries) {
        if (entry.name.startsWith(".")) continue
        const name = folder === "" ? entry.name : `${folder}/${entry.name}`
        if (entry.name.includes("\uFFFD") && !(yield* isThere(path.join(full, entry.name)))) numUnnamed++
        else if (entry.isDirectory()) next.push(name)
        else if (entry.isSymbolicLink()) numLinks++
        else if (entry.isFile() && isImageName(entry.name)) files.push(name)
        else if (entry.isFile() && !isText(entry.name)) others.push(name)
      }
    }
    level = next
  }
  const tree: Tree = {
    root,
    files: files.sort(byCharacters),
    others: others.sort(byCharacters),
    ...{ numLinks, numUnnamed, numTooDeep: level.length }
  }
  return tree
})

/** Some names do have the character that stands for what is no character. */
const isThere = (file: string) =>
  Effect.promise(() =>
    lstat(file).then(
      () => true,
      () => false
    )
  )

/** What of a folder was left out, in words. */
export const leftOut = ({ numLinks, numTooDeep, numUnnamed }: Tree): ReadonlyArray<string> =>
  [
    { number: numLinks, words: "links are left out: none is followed" },
    { number: numTooDeep, words: "folders are left out: they are too many folders deep" },
    {
      number: numUnnamed,
      words: "files or folders are left out: their names are not UTF-8; rename them, e.g. with convmv"
    }
  ].flatMap(({ number, words }) => (number === 0 ? [] : [`${number} ${words}`]))

/** What stands beside images, by the thousand in some sets, and holds none. */
const isText = (name: string) => /\.(?:txt|json|jsonl|csv|tsv|xml|ya?ml|md|cls)$/i.test(name)

const byCharacters = (a: string, b: string) => (a < b ? -1 : Number(a > b))
