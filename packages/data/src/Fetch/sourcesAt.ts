import { basename, join } from "node:path"
import { Effect, FileSystem, Option } from "effect"
import type { Download, Fetchable } from "../Catalog/CatalogEntry.ts"
import { DatasetInvalid, DatasetMissing, DatasetUnreadable } from "../Dataset/errors.ts"
import { knownAs } from "../Inventory.ts"
import type { KnownFile } from "../KnownFile.ts"

/** A file that somebody has, and which of a data set it is to be. */
export interface Source {
  readonly path: string
  readonly known: KnownFile
}

/** A published file, as it is known. */
export const asKnown = ({ digest, name, numBytes }: Download): KnownFile => ({
  name,
  digest,
  numBytes: [numBytes, numBytes]
})

/** The files of a data set at a path: the file itself, or those of a folder, in whichever form they lie there. */
export const sourcesAt = Effect.fn("Fetch.sourcesAt")(function* (entry: Fetchable, from: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const { type } = yield* Effect.mapError(
    fileSystem.stat(from),
    (cause) => new DatasetUnreadable({ file: from, hint: "check the path of --from", cause })
  )
  return type === "Directory" ? yield* inFolder(entry, from) : [yield* fileAt(entry, from)]
})

const fileAt = (entry: Fetchable, path: string): Effect.Effect<Source, DatasetInvalid> => {
  const downloads = entry.place.downloads.map(asKnown)
  const [only, ...others] = downloads
  const known = knownAs(entry, path) ?? knownAs({ files: downloads }, path)
  // A file that was saved under another name is known by its digest.
  const found = known ?? (others.length === 0 ? only : undefined)
  if (found !== undefined) return Effect.succeed({ path, known: found })
  return Effect.fail(
    new DatasetInvalid({
      dataset: entry.name,
      field: "--from",
      value: path,
      problem: "is none of its files by its name",
      hint: `give one of ${downloads.map(({ name }) => name).join(", ")}, or the folder that they are in`
    })
  )
}

const inFolder = Effect.fnUntraced(function* (entry: Fetchable, from: string) {
  const { downloads, folder } = entry.place
  const dirs = [from, join(from, folder)]
  const found = yield* entry.find(dirs)
  const sources = found.flatMap(({ path }): ReadonlyArray<Source> => {
    const known = Option.isSome(path) ? knownAs(entry, path.value) : undefined
    return Option.isSome(path) && known !== undefined ? [{ path: path.value, known }] : []
  })
  if (sources.length === found.length) return sources
  const packed = yield* Effect.forEach(downloads, (file) => firstOf(file, dirs))
  const all = [...sources, ...packed.flat().filter((one) => !sources.some(({ path }) => path === one.path))]
  if (all.length > 0) return all
  return yield* new DatasetMissing({
    dataset: entry.name,
    file: downloads.map(({ name }) => name).join(", "),
    searched: dirs,
    hint: "give the folder that the published files are in, or leave --from away"
  })
})

const firstOf = Effect.fnUntraced(function* (file: Download, dirs: ReadonlyArray<string>) {
  const fileSystem = yield* FileSystem.FileSystem
  for (const dir of dirs) {
    const path = join(dir, basename(file.name))
    if (yield* Effect.orElseSucceed(fileSystem.exists(path), () => false))
      return [{ path, known: asKnown(file) }]
  }
  return []
})
