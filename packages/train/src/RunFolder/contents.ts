import * as SafeFile from "@moco/core/SafeFile"
import { Effect, FileSystem, Option } from "effect"
import { steps } from "../Checkpoint/store.ts"
import * as RunLog from "../RunLog.ts"
import { RunFolderOccupied, unwritable } from "./errors.ts"
import type { RunFolder } from "./files.ts"
import { readConfig } from "./readConfig.ts"

/** What a run folder holds before a run starts in it. */
export type Contents = "nothing" | "interrupted run" | "finished run"

/**
 * Refuses a folder of which a file is a link, a pipe or a device: what a run writes would go elsewhere, and what it
 * reads might never end. The folder itself may be a link.
 */
export const refuseStrange = Effect.fnUntraced(function* ({ path, ...files }: RunFolder) {
  for (const file of Object.values(files)) {
    const isFolder = [files.checkpoints, files.inspection, files.tensorboard].includes(file)
    const wanted = isFolder ? "Directory" : "File"
    const found = yield* unwritable(file)(SafeFile.lstat(file))
    if (Option.isSome(found) && found.value.type !== wanted) {
      const holds = `${file}, which is no ${wanted === "File" ? "regular file" : "folder"}`
      return yield* new RunFolderOccupied({ path, holds })
    }
  }
})

/** Whether a run can begin here, or go on; refuses files that are no run's. */
export const contentsOf = Effect.fnUntraced(function* (folder: RunFolder) {
  const fileSystem = yield* FileSystem.FileSystem
  const exists = (file: string) => unwritable(file)(fileSystem.exists(file))
  const occupied = (holds: string) => Effect.fail(new RunFolderOccupied({ path: folder.path, holds }))
  const hasEncoder = yield* exists(folder.encoder)
  if ((yield* exists(folder.metrics)) || (yield* steps(folder.checkpoints)).length > 0) {
    // A damaged log tells no end; what can be continued is decided by the checkpoints.
    const last = yield* Effect.orElseSucceed(RunLog.readLast(folder.metrics), () => undefined)
    // The encoder is written last: a run that was killed before has it to do.
    return last?.event === "finished" &&
      last.outcome === "completed" &&
      hasEncoder &&
      (yield* exists(folder.encoderCard))
      ? ("finished run" satisfies Contents)
      : ("interrupted run" satisfies Contents)
  }
  if (hasEncoder) return yield* occupied(folder.encoder)
  if (yield* exists(folder.config)) {
    // Ours, of a run that was killed before its first line; anybody else's must not be written over.
    yield* Effect.catchTags(readConfig(folder), {
      ConfigUnreadable: ({ reason }) => occupied(`${folder.config}, which cannot be read: ${reason}`),
      ConfigInvalid: ({ problems: [first] }) =>
        occupied(`${folder.config}, which is no run's: ${first?.path} ${first?.problem}`)
    })
  } else {
    // A run writes its config before these.
    const { encoderCard, environment, evaluations, initial, inspection, profile, report, tensorboard } =
      folder
    const behind = [environment, profile, encoderCard, initial, tensorboard, inspection, evaluations, report]
    for (const file of behind) {
      if (yield* exists(file)) return yield* occupied(file)
    }
  }
  return "nothing" satisfies Contents
})
