import { createHash } from "node:crypto"
import { readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"

/** The folder of this package. */
export const packageDir = join(import.meta.dirname, "..")

/** Where its C++ lies that is part of a program; that of the tests is not. */
const folders = ["binding", "kernels"]

/** Folders and files of that C++ under `root`, by path from it and in the order of their names: a new one is among them. */
export const sourcesIn = (root: string) => {
  const inside = (folder: string) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((name) => join(folder, name))
  const names = folders.flatMap((folder) => [folder, ...inside(folder)]).toSorted()
  const isFolder = (name: string) => statSync(join(root, name)).isDirectory()
  return { folders: names.filter(isFolder), files: names.filter((name) => !isFolder(name)) }
}

/** What the ops under `root` are made of, as twelve hexadecimal digits: an addon that was built of it says the same. */
export const hashOfSources = (root: string): string => {
  const hash = createHash("sha256")
  const sources = sourcesIn(root).files.filter((name) => /\.(?:cc|h)$/.test(name))
  for (const name of sources) hash.update(name).update(readFileSync(join(root, name)))
  return hash.digest("hex").slice(0, 12)
}
