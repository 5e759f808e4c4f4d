import { shorten } from "@moco/train/RunConfig/Problem"
import { Effect, FileSystem, Path, Schema } from "effect"
import { comparisonOf } from "./comparison.ts"
import { readWhole } from "./details.ts"
import type { ComparedRun } from "./groups.ts"

/** What a run was trained with cannot be read, so there is nothing to compare it by. */
export class RunIncomparable extends Schema.TaggedError<RunIncomparable>()("RunIncomparable", {
  path: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `${shorten(this.path, 300)} cannot be compared: ${this.problem}\n  put a whole copy of its config.json back, or leave the run away`
  }
}

/** Reads runs and sets them side by side; one that is named twice is one. */
export const compareRuns = Effect.fn("runs.compareRuns")(function* (folders: ReadonlyArray<string>) {
  const fileSystem = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const places = new Map<string, ComparedRun>()
  for (const folder of folders) {
    const { environment, looked } = yield* readWhole(folder)
    const place = yield* Effect.orElseSucceed(fileSystem.realPath(folder), () => folder)
    const { config, damage } = looked
    if (config === undefined) {
      return yield* new RunIncomparable({ path: folder, problem: damage[0] ?? "it has no config" })
    }
    const name = path.basename(path.resolve(folder))
    if (!places.has(place)) places.set(place, { environment, looked, config, name })
  }
  return comparisonOf([...places.values()])
})
