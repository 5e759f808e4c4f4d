import { Effect } from "effect"
import type { Fetchable } from "./Catalog/CatalogEntry.ts"
import { DatasetMissing } from "./Dataset/errors.ts"
import { copy, targetOf } from "./Fetch/copy.ts"
import { download } from "./Fetch/download.ts"
import type { Observe } from "./Fetch/events.ts"
import { asKnown, sourcesAt } from "./Fetch/sourcesAt.ts"
import { unpack } from "./Fetch/unpack.ts"
import { type Looked, look } from "./Inventory.ts"
import { check, type KnownFile } from "./KnownFile.ts"

export { FetchFailed } from "./Fetch/errors.ts"
export type { FetchEvent, Observe } from "./Fetch/events.ts"
export { Patience } from "./Fetch/Patience.ts"

/** Where a data set is looked for, and where what is missing of it goes. */
export interface Places<E = never, R = never> {
  /** As in `Catalog.searchDirs`; `folder` is one of them. */
  readonly searchDirs: ReadonlyArray<string>
  readonly folder: string
  /**
   * Makes the folder where it is not, and keeps everybody else from fetching into it until the Scope ends. It is asked for
   * where something is missing, and not where all is there, which may be so on a disk that cannot be written to.
   */
  readonly claim: Effect.Effect<void, E, R>
  /** A file or a folder that is copied from, in place of a download. */
  readonly from?: string | undefined
}

/** Of {@link Places}, what one writes to and reads from. */
type Folders = Pick<Places, "folder" | "searchDirs">

/**
 * Sees to it that a data set is there: what is there is checked, and what is missing or damaged is downloaded, or copied
 * from where it is said to be. No file appears under its name that is not the published one, as far as that is known.
 *
 * @param observe  is told what happens
 * @returns what would be read now, every file of it found right
 */
export const fetch = Effect.fn("Fetch.fetch")(function* <E, R>(
  entry: Fetchable,
  places: Places<E, R>,
  observe: Observe
) {
  const { claim, folder, from, searchDirs } = places
  const hint = `then run: npx moco data fetch ${entry.name}`
  const before = yield* look(entry, searchDirs, hint)
  if (before.every(isRight)) return before
  yield* observe({
    kind: "wanted",
    files: before.filter((looked) => !isRight(looked)).map(({ file }) => file)
  })
  yield* claim
  if (from === undefined) yield* downloadAll(entry, before, places, observe)
  else yield* copyAll(entry, from, places, observe)
  yield* unpackAll(entry, places, observe)
  const after = yield* look(entry, searchDirs, hint)
  for (const looked of after) {
    // What lies before the fetched file in the order of the search is not touched: it is not known whose it is.
    if (looked.state === "damaged") return yield* Effect.fail(looked.error)
    if (looked.state === "missing") return yield* missing(entry, looked.file, from ?? folder)
  }
  return after.filter(isRight)
})

const isRight = (looked: Looked): looked is Looked & { readonly state: "ok" } => looked.state === "ok"

const missing = ({ name, place }: Fetchable, file: string, searched: string) =>
  new DatasetMissing({
    dataset: name,
    file,
    searched: [searched],
    hint: `give all of ${place.downloads.map((known) => known.name).join(", ")}, or leave --from away`
  })

/** Downloads what gives the files that are missing; all, where that cannot be told by their names. */
const downloadAll = Effect.fnUntraced(function* (
  { name, place }: Fetchable,
  before: ReadonlyArray<Looked>,
  { folder, searchDirs }: Folders,
  observe: Observe
) {
  const wanted = before.filter((looked) => !isRight(looked)).map(({ file }) => file)
  const gives = (file: string) =>
    place.downloads.filter((known) => known.name === file || known.name === `${file}.gz`)
  const isTold = wanted.every((file) => gives(file).length > 0)
  const needed = isTold ? wanted.flatMap(gives) : place.downloads
  for (const file of needed) {
    const there = yield* whereIs(asKnown(file), searchDirs)
    if (there === undefined) yield* download(name, file, folder, observe)
  }
})

/** Copies what there is of the data set, but for what lies right where it would be put. */
const copyAll = Effect.fnUntraced(function* (
  entry: Fetchable,
  from: string,
  { folder }: Folders,
  observe: Observe
) {
  for (const { known, path } of yield* sourcesAt(entry, from)) {
    if (!(yield* isKnown(targetOf(folder, known), known))) yield* copy(path, known, folder, observe)
  }
})

/** Takes out of an archive what cannot be read in it. */
const unpackAll = Effect.fnUntraced(function* (
  entry: Fetchable,
  { folder, searchDirs }: Folders,
  observe: Observe
) {
  const { downloads, unpacked } = entry.place
  if (unpacked === undefined) return
  const parts = entry.files.filter(({ name }) => unpacked.parts.includes(name))
  const wanted = yield* Effect.filter(parts, (known) =>
    Effect.map(isKnown(targetOf(folder, known), known), (isThere) => !isThere)
  )
  const archive = downloads.find(({ name }) => name === unpacked.archive)
  if (wanted.length === 0 || archive === undefined) return
  const path = yield* whereIs(asKnown(archive), [folder, ...searchDirs])
  if (path === undefined) return
  for (const known of wanted) yield* unpack(entry.name, path, unpacked, known, folder, observe)
})

const isKnown = (path: string, known: KnownFile) => Effect.isSuccess(check(path, known, { hint: "" }))

/** The path of a file in the first folder that has the right one. */
const whereIs = Effect.fnUntraced(function* (known: KnownFile, dirs: ReadonlyArray<string>) {
  for (const dir of dirs) {
    const path = targetOf(dir, known)
    if (yield* isKnown(path, known)) return path
  }
  return undefined
})
