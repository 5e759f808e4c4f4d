import { basename } from "node:path"
import { Effect, type FileSystem, Option, type Path, Result } from "effect"
import type { CatalogEntry } from "./Catalog/CatalogEntry.ts"
import type { DatasetCorrupt, DatasetUnreadable } from "./Dataset/errors.ts"
import { check, type KnownBy, type KnownFile } from "./KnownFile.ts"
import type { Found } from "./PublishedFile.ts"

/** What became of looking at a file of a data set. */
export type Looked =
  | { readonly state: "ok"; readonly file: string; readonly path: string; readonly knownBy: KnownBy }
  | { readonly state: "missing"; readonly file: string }
  | {
      readonly state: "damaged"
      readonly file: string
      readonly path: string
      readonly error: DatasetCorrupt | DatasetUnreadable
    }

/** Looks at every file that would be read of a data set, and reads it to its end to see whether it is the published one. */
export const look = Effect.fn("Inventory.look")(function* (
  entry: CatalogEntry,
  searchDirs: ReadonlyArray<string>,
  hint: string
) {
  return yield* Effect.forEach(yield* entry.find(searchDirs), (found) => lookAt(entry, found, hint))
})

const lookAt = Effect.fnUntraced(function* (
  entry: CatalogEntry,
  { file, path }: Found,
  hint: string
): Effect.fn.Return<Looked, never, FileSystem.FileSystem | Path.Path> {
  if (Option.isNone(path)) return { state: "missing", file }
  const known = knownAs(entry, path.value) ?? { name: file }
  const result = yield* Effect.result(check(path.value, known, { hint: `remove the file; ${hint}` }))
  return Result.isSuccess(result)
    ? { state: "ok", file, path: path.value, knownBy: result.success }
    : { state: "damaged", file, path: path.value, error: result.failure }
})

/** What is known of the file at a path, by its name. */
export const knownAs = ({ files }: Pick<CatalogEntry, "files">, path: string): KnownFile | undefined =>
  files.find(({ name }) => name === basename(path))
