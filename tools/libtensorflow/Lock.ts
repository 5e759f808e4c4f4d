import * as FolderLock from "@moco/train/FolderLock"
import { Console, Effect, Schedule } from "effect"
import { FileTrouble } from "./SetUpError.ts"

const pollEvery = "200 millis"

/**
 * Holds the lock file at `path` until the Scope closes; waits while another process has it, and says so. A lock of a
 * process that is gone is taken over.
 */
export const hold = Effect.fnUntraced(function* (path: string) {
  let hasSaidSo = false
  const sayOnce = ({ owner }: FolderLock.FolderLocked) =>
    Effect.suspend(() => {
      if (hasSaidSo) return Effect.void
      hasSaidSo = true
      return Console.log(`waiting for ${owner}, which sets up libtensorflow too`)
    })
  yield* FolderLock.hold(path, { onWatch: () => Effect.void }).pipe(
    Effect.tapError((error) => (error._tag === "FolderLocked" ? sayOnce(error) : Effect.void)),
    Effect.retry({ while: ({ _tag }) => _tag === "FolderLocked", schedule: Schedule.spaced(pollEvery) }),
    Effect.mapError(
      ({ message }) =>
        new FileTrouble({
          problem: message,
          hint: "check the permissions, or choose another cache with MOCO_CACHE_DIR"
        })
    )
  )
})
