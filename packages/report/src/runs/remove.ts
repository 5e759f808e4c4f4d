import { rmdirSync } from "node:fs"
import * as FolderLock from "@moco/train/FolderLock"
import { readConfig, unwritable } from "@moco/train/RunFolder"
import { filesOf, type RunFolder } from "@moco/train/RunFolder/files"
import { scanLog } from "@moco/train/RunLog/scan"
import { Effect, FileSystem, Path, Schema } from "effect"
import { type Content, contentsOf } from "./contents.ts"
import { requireNoLink, requireRun } from "./find.ts"
import { NoRun } from "./NoRun.ts"
import { RunInUse } from "./RunInUse.ts"

/** What `moco runs rm --json` prints. */
export const RemovedRuns = Schema.Struct({
  runs: Schema.Array(
    Schema.Struct({
      path: Schema.String,
      /** Of the files that were removed and have no other name. */
      bytesFreed: Schema.Finite,
      /** Whether its folder is gone too. */
      isGone: Schema.Boolean,
      /** What no run writes, which is left as it was; relative to the folder. */
      left: Schema.Array(Schema.String)
    })
  ),
  bytesFreed: Schema.Finite
})
export type RemovedRuns = typeof RemovedRuns.Type

/** A run that may be removed. */
export interface Removable {
  /** As it was named. */
  readonly path: string
  readonly folder: RunFolder
  readonly contents: ReadonlyArray<Content>
  readonly bytes: number
}

/**
 * Checks that every one of the folders is a run's and that no process works in one, and keeps all of them locked until the
 * Scope closes. A folder that is named twice is one.
 */
export const claimRuns = Effect.fn("runs.claimRuns")(function* (paths: ReadonlyArray<string>) {
  const fileSystem = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const byPlace = new Map<string, string>()
  for (const named of paths) {
    yield* requireNoLink(named)
    yield* requireRun(named)
    const place = yield* unwritable(named)(fileSystem.realPath(named))
    if (!byPlace.has(place)) byPlace.set(place, named)
  }
  const claimed: Array<Removable> = []
  // The places, which lead there whatever becomes of the links above them.
  for (const [place, named] of byPlace) {
    const folder = filesOf(path, place)
    yield* requireUnderstood(named, folder)
    yield* FolderLock.hold(folder.lock).pipe(
      Effect.catchTag("FolderLocked", ({ owner }) => new RunInUse({ path: named, owner, wanted: "removed" }))
    )
    const contents = yield* unwritable(named)(contentsOf(place))
    const freed = contents.filter(
      ({ hasOtherNames, isOfRun, name }) => isOfRun && !hasOtherNames && !isLock(name)
    )
    claimed.push({ path: named, folder, contents, bytes: freed.reduce((sum, { bytes }) => sum + bytes, 0) })
  }
  return claimed
})

/** Removes what the runs have written, and their folders where nothing else is in them. Opens no file and follows no link. */
export const removeRuns = Effect.fn("runs.removeRuns")(function* (runs: ReadonlyArray<Removable>) {
  yield* Effect.forEach(runs, removeFiles, { discard: true })
})

/** Removes the folders, once the locks in them are gone; says what is left. */
export const removeFolders = Effect.fn("runs.removeFolders")(function* (runs: ReadonlyArray<Removable>) {
  const removed = yield* Effect.forEach(runs, ({ bytes, contents, folder, path }) =>
    Effect.map(removeFolder(folder.path), (isGone) => {
      const left = contents.flatMap(({ isOfRun, name }) => (isOfRun ? [] : [name]))
      return { path, bytesFreed: bytes, isGone, left }
    })
  )
  const result: RemovedRuns = {
    runs: removed,
    bytesFreed: removed.reduce((sum, run) => sum + run.bytesFreed, 0)
  }
  return result
})

/** A folder of a run's file names may be another program's: its config or its log has to be one of ours. */
const requireUnderstood = Effect.fnUntraced(function* (named: string, folder: RunFolder) {
  const hasConfig = Effect.as(readConfig(folder), true)
  const hasEvents = Effect.map(
    scanLog(folder.metrics),
    ({ events, lastStep }) => events.length > 0 || lastStep !== undefined
  )
  const isOurs = yield* Effect.orElseSucceed(hasConfig, () => false)
  if (isOurs || (yield* Effect.orElseSucceed(hasEvents, () => false))) return
  const problem = "neither its config.json nor its metrics.jsonl is one of a run, as far as they can be read"
  return yield* new NoRun({ path: named, problem, hint: "look into it, and remove it yourself" })
})

/** Removed by the one that holds it. */
const isLock = (name: string): boolean => name === "run.lock"

/** Its config and its log last: what is stopped on the way is a run's folder still, and can be removed. */
const removeFiles = Effect.fnUntraced(function* ({ contents, folder, path }: Removable) {
  const fileSystem = yield* FileSystem.FileSystem
  const isLast = ({ path: file }: Content) => file === folder.config || file === folder.metrics
  const own = contents.filter(({ isOfRun, name }) => isOfRun && !isLock(name))
  // What is in a folder comes behind it.
  const inOrder = [...own.toReversed().filter((one) => !isLast(one)), ...own.filter(isLast)]
  for (const { isFolder, path: file } of inOrder) {
    yield* isFolder ? removeFolder(file) : unwritable(path)(fileSystem.remove(file))
  }
})

/** Removes a folder that is empty, and says whether it did; one that holds something by now is left as it is. */
const removeFolder = (folder: string) =>
  Effect.sync(() => {
    try {
      rmdirSync(folder)
      return true
    } catch {
      return false
    }
  })
