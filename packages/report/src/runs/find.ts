import * as SafeFile from "@moco/core/SafeFile"
import { fileTrouble } from "@moco/train/fileTrouble"
import { Effect, FileSystem, Option, Path } from "effect"
import { NoRun, nameRun } from "./NoRun.ts"

/** Names that a run leaves in its folder. */
const ownNames = ["config.json", "environment.json", "metrics.jsonl", "encoder.json", "encoder.safetensors"]

/** Whether a folder with such names in it is a run's: its log or its lock, or two of the names that other programs use too. */
export const isRunsFolder = (names: ReadonlyArray<string>): boolean =>
  names.includes("metrics.jsonl") ||
  names.includes("run.lock") ||
  [...ownNames, "checkpoints"].filter((name) => names.includes(name)).length >= 2

/** A folder below the one that was looked through. */
export interface FoundFolder {
  readonly path: string
  /** Relative to where the search began; `.` is that folder itself. */
  readonly name: string
  readonly holds: "run" | "nothing"
  /** Why it cannot be looked into. */
  readonly problem?: string
}

/** How far the search goes. */
export interface FindBounds {
  /** Folders between the one that is named and a run; those of a study are two below the study's. */
  readonly depth: number
  /** Folders that are looked into. */
  readonly folders: number
}

const usualBounds: FindBounds = { depth: 5, folders: 20_000 }

/**
 * The folders of runs below `root`, `root` itself among them, and folders that are empty; links are not followed, but
 * `root` may be one. Nothing is looked for in a run's folder, nor in those whose names begin with a dot.
 *
 * @returns what was found, and whether the bounds have left something out
 */
export const findRuns = Effect.fn("runs.findRuns")(function* (
  root: string,
  bounds: FindBounds = usualBounds
) {
  const fileSystem = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  yield* requireFolder(root)
  const found: Array<FoundFolder> = []
  let level: ReadonlyArray<string> = ["."]
  let looked = 0
  let isCut = false
  for (let depth = 0; level.length > 0; depth++) {
    const next: Array<string> = []
    for (const name of level) {
      if (++looked > bounds.folders) return { found, isCut: true }
      const at = path.join(root, name)
      const entries = yield* Effect.result(fileSystem.readDirectoryEntries(at))
      if (entries._tag === "Failure") {
        found.push({ path: at, name, holds: "nothing", problem: fileTrouble(entries.failure).reason })
        continue
      }
      const names = entries.success.map((entry) => entry.name)
      if (isRunsFolder(names)) found.push({ path: at, name, holds: "run" })
      else if (names.length === 0 && name !== ".") found.push({ path: at, name, holds: "nothing" })
      else {
        const folders = entries.success.filter(({ name, type }) => type === "Directory" && isLookedInto(name))
        for (const { name: folder } of folders) next.push(path.join(name, folder))
      }
    }
    isCut = depth >= bounds.depth && next.length > 0
    level = depth >= bounds.depth ? [] : next.sort()
  }
  return { found, isCut }
})

const isLookedInto = (name: string): boolean => !name.startsWith(".") && name !== "node_modules"

/** Refuses what is no folder; it may be a link to one. */
export const requireFolder = Effect.fn("runs.requireFolder")(function* (folder: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const info = yield* Effect.mapError(fileSystem.stat(folder), (error) => {
    const problem = error.reason._tag === "NotFound" ? "there is no such folder" : fileTrouble(error).reason
    return new NoRun({ path: folder, problem, hint: "check the path" })
  })
  if (info.type !== "Directory") {
    return yield* new NoRun({ path: folder, problem: "it is a file and not a folder", hint: nameRun })
  }
})

/** Refuses what is no run's folder. */
export const requireRun = Effect.fn("runs.requireRun")(function* (folder: string) {
  const fileSystem = yield* FileSystem.FileSystem
  yield* requireFolder(folder)
  const names = yield* Effect.mapError(
    fileSystem.readDirectory(folder),
    (error) => new NoRun({ path: folder, problem: fileTrouble(error).reason, hint: "check its permissions" })
  )
  if (isRunsFolder(names)) return
  const problem = names.length === 0 ? "it is empty" : "it has neither metrics.jsonl nor other files of a run"
  return yield* new NoRun({ path: folder, problem, hint: nameRun })
})

/** Refuses a link: whoever removes what it leads to should say so. */
export const requireNoLink = Effect.fn("runs.requireNoLink")(function* (folder: string) {
  const path = yield* Path.Path
  const info = yield* Effect.orElseSucceed(SafeFile.lstat(path.resolve(folder)), Option.none)
  if (Option.isSome(info) && info.value.type === "SymbolicLink") {
    return yield* new NoRun({
      path: folder,
      problem: "it is a link",
      hint: "give the folder that it leads to"
    })
  }
})
