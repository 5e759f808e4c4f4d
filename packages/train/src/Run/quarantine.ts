import * as Escape from "@moco/core/Escape"
import { Dataset } from "@moco/data/Dataset"
import { Effect } from "effect"
import * as RunFolder from "../RunFolder.ts"
import { warning } from "./RunMessages.ts"

/**
 * Leaves a list of the files that were no images in the run's folder, where there were any, and says so. What earlier
 * sessions of the run have found stays in it.
 */
export const tellOfQuarantine = Effect.fn("Run.tellOfQuarantine")(function* (folder: RunFolder.RunFolder) {
  const { bank, test, train } = yield* Dataset
  const found = yield* Effect.forEach(
    [train, bank, test],
    (source) => source?.quarantine ?? Effect.succeed([])
  )
  const bad = found.flat()
  const [first] = bad
  if (first === undefined) return
  const problemOf = new Map(
    [...(yield* RunFolder.readQuarantine(folder)), ...bad].map(({ file, problem }) => [file, problem])
  )
  yield* RunFolder.writeQuarantine(
    folder,
    Array.from(problemOf, ([file, problem]) => ({ file, problem }))
  )
  const files = problemOf.size === 1 ? "1 file is" : `${problemOf.size} files are`
  const example = `${Escape.line(first.file)}: ${Escape.line(first.problem)}`
  yield* warning(
    `${files} no image that can be read, and others stood in (${example}); all of them: ${Escape.line(folder.quarantine)}`
  )
})
