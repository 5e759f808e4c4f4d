import * as SafeFile from "@moco/core/SafeFile"
import { Inspection, inspectionFile } from "@moco/evaluation/Inspection"
import { inspect as inspectEncoder } from "@moco/evaluation/Inspection/inspect"
import { Effect, Path, Schema } from "effect"
import * as RunFolder from "../RunFolder.ts"

/** Looks at what the query encoder makes of images after `step` steps, and leaves what was seen in the run's folder. */
export const inspect = Effect.fn("Run.inspect")(function* (folder: RunFolder.RunFolder, step: number) {
  const path = yield* Path.Path
  const { inspection, pictures } = yield* Effect.interruptible(inspectEncoder(step))
  yield* RunFolder.unwritable(folder.inspection)(SafeFile.makeFolder(folder.inspection))
  for (const { bytes, sprite } of pictures) {
    yield* RunFolder.writeFile(path.join(folder.inspection, sprite.file), bytes)
  }
  // Behind its pictures: what it names is there.
  const text = `${JSON.stringify(encode(inspection))}\n`
  yield* RunFolder.writeFile(path.join(folder.inspection, inspectionFile), new TextEncoder().encode(text))
  return inspection
})

const encode = Schema.encodeSync(Inspection)
