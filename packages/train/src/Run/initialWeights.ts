import { QueryEncoder } from "@moco/core/Encoder"
import * as Escape from "@moco/core/Escape"
import { Effect, FileSystem } from "effect"
import { keepInitial } from "../InitialWeights/files.ts"
import { matchWeights } from "../InitialWeights.ts"
import * as RunFolder from "../RunFolder.ts"
import { RunLog } from "../RunLog.ts"
import { info } from "./RunMessages.ts"
import type { RunStart } from "./start.ts"

/**
 * Before the first step: keeps the weights that a run begins with in its folder, where they are not the seed's, and says
 * what was taken. Before the log is begun, so that a run that can go on has them.
 *
 * @returns what is left to do once there is a log
 */
export const beginWith = Effect.fn("Run.beginWith")(function* (
  { from, initial }: RunStart,
  folder: RunFolder.RunFolder
) {
  if (from !== undefined) return Effect.void
  if (initial === undefined) {
    // Of a start that was killed before it had a log, with other weights.
    const fileSystem = yield* FileSystem.FileSystem
    yield* RunFolder.unwritable(folder.initial)(fileSystem.remove(folder.initial, { force: true }))
    return Effect.void
  }
  const { network } = yield* QueryEncoder
  const { headLeftOut, taken } = yield* matchWeights(network, initial)
  yield* keepInitial(folder, initial)
  const { sha256, source } = initial
  const numTaken = Object.keys(taken).length
  const head =
    headLeftOut.length === 0 ? "head included" : `the head is the seed's: ${headLeftOut.join("; ")}`
  yield* info(
    [
      `begins with ${numTaken} tensors of ${Escape.line(source)} (${Escape.line(head)})`,
      "  the untrained encoder that it is compared with stays the seed's"
    ].join("\n")
  )
  return Effect.flatMap(RunLog, ({ record }) =>
    record({ event: "initialised", step: 0, source, sha256, taken: numTaken, headLeftOut })
  )
})
