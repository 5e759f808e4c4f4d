import { Effect, FileSystem, Path } from "effect"
import type { Archive } from "./TarGz.ts"

/** The files of a data set in one format: a folder of them, and the archive in which it is published. */
export interface Format extends Archive {
  /** E.g. `cifar-10-binary.tar.gz`; undefined where its files must be unpacked to be read. */
  readonly archive: string | undefined
}

/** One format or several, the first the one that is told of where none is there. */
export type Formats<F extends Format> = readonly [F, ...ReadonlyArray<F>]

/** Where parts of a format are: in its archive, or at paths of their own. */
export type Place<F extends Format> = { readonly format: F } & (
  | { readonly archive: string }
  | { readonly paths: ReadonlyMap<string, string> }
)

/** What is missing where no format is whole, e.g. `cifar-10-binary.tar.gz`. */
export interface Missing {
  readonly missing: string
}

/**
 * The first format that is there, in the first folder that has one. A folder whose files are known by their digests is
 * taken before its archive, which takes longer to read; else the archive is, which is known by its own.
 *
 * Nothing is read but folders. What is named may also be the format's folder itself.
 *
 * @param namesOf  parts of a format that must be there; what is in an archive is not known before it is read
 */
export const locate = Effect.fnUntraced(function* <F extends Format>(
  formats: Formats<F>,
  namesOf: (format: F) => ReadonlyArray<string>,
  searchDirs: ReadonlyArray<string>
): Effect.fn.Return<Place<F> | Missing, never, FileSystem.FileSystem | Path.Path> {
  const path = yield* Path.Path
  let missing: string | undefined
  for (const dir of searchDirs) {
    for (const format of formats) {
      const archive = yield* firstFile(format.archive === undefined ? [] : [path.join(dir, format.archive)])
      const folder = yield* folderOf(format, namesOf(format), dir)
      const isKnown = format.parts.every(({ digest }) => digest !== undefined)
      const { paths } = folder
      if (archive !== undefined && !(isKnown && paths !== undefined)) return { format, archive }
      if (paths !== undefined) return { format, paths }
      missing ??= folder.missing
    }
  }
  const [{ archive, folder, parts }] = formats
  return { missing: missing ?? archive ?? path.join(folder, parts[0]?.name ?? "") }
})

const firstFile = Effect.fnUntraced(function* (files: ReadonlyArray<string>) {
  const fileSystem = yield* FileSystem.FileSystem
  for (const file of files) {
    const info = yield* Effect.orElseSucceed(fileSystem.stat(file), () => undefined)
    // A folder is no file; whatever else is none is refused when it is read, by its name.
    if (info !== undefined && info.type !== "Directory") return file
  }
  return undefined
})

/** The parts' paths, where all are in one folder; else one that is missing where others are. */
const folderOf = Effect.fnUntraced(function* ({ folder }: Format, names: ReadonlyArray<string>, dir: string) {
  const path = yield* Path.Path
  let missing: string | undefined
  for (const inside of [folder, ""]) {
    const paths = new Map(names.map((name) => [name, path.join(dir, inside, name)]))
    const there = yield* Effect.forEach(names, (name) => firstFile([path.join(dir, inside, name)]))
    if (there.every((file) => file !== undefined)) return { paths, missing: undefined }
    // What lies elsewhere under such names (`train`) may be anything.
    if (inside !== "" && there.some((file) => file !== undefined)) {
      missing = path.join(inside, names[there.indexOf(undefined)]!)
    }
  }
  return { paths: undefined, missing }
})
