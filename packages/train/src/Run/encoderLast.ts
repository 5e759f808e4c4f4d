import { Effect, FileSystem, Layer } from "effect"
import { RunLog } from "../RunLog.ts"

/**
 * Before the log says that the run has reached its end, removes the encoder, and what tells of it, that was exported when
 * the run was stopped or shorter: where both are there, the encoder is the one of the end, and a run that is killed in
 * between has it to do.
 */
export const layerEncoderLast = (...exported: ReadonlyArray<string>) =>
  Layer.effect(
    RunLog,
    Effect.gen(function* () {
      const below = yield* RunLog
      const fileSystem = yield* FileSystem.FileSystem
      // What cannot be removed cannot be replaced either, and that is told.
      const remove = Effect.forEach(exported, (file) =>
        Effect.ignore(fileSystem.remove(file, { force: true }))
      )
      return RunLog.of({
        ...below,
        record: (event) =>
          event.event === "finished" && event.outcome === "completed"
            ? Effect.andThen(remove, below.record(event))
            : below.record(event)
      })
    })
  )
