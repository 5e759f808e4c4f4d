import { Effect, FileSystem, Path } from "effect"
import { isRunsFolder, requireFolder } from "../../runs/find.ts"
import { NoRun } from "../../runs/NoRun.ts"

/** What a folder holds. */
type Holds = "run" | "study" | "nothing yet"

/**
 * What the folder of a run or a study holds. One that is not there yet, or has nothing in it, is waited for where there
 * is a folder to make it in.
 *
 * @returns fails with `NoRun` where it holds something else
 */
export const holds = Effect.fn("watch.holds")(function* (folder: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const isThere = yield* Effect.orElseSucceed(fileSystem.exists(folder), () => true)
  if (!isThere) {
    yield* requireFolder(path.dirname(path.resolve(folder)))
    return "nothing yet" satisfies Holds
  }
  const found = yield* heldIn(folder)
  if (found === undefined) {
    yield* requireFolder(folder)
    const problem = "it has neither metrics.jsonl nor study.json, nor other files of a run or a study"
    const hint = "give the folder of a run or of a study; npx moco runs list DIR shows runs below a folder"
    return yield* new NoRun({ path: folder, problem, hint })
  }
  return found
})

/** The same; nothing where it holds something else, or cannot be looked into. */
export const heldIn = Effect.fnUntraced(function* (folder: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const names = yield* Effect.orElseSucceed(fileSystem.readDirectory(folder), () => undefined)
  if (names === undefined) return undefined
  const found: Holds | undefined = names.includes("study.json")
    ? "study"
    : isRunsFolder(names)
      ? "run"
      : names.length === 0
        ? "nothing yet"
        : undefined
  return found
})
