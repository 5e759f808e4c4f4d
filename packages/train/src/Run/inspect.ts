import * as SafeFile from "@moco/core/SafeFile"
import { Inspection, inspectionFile } from "@moco/evaluation/Inspection"
import { type Inspected, inspect as inspectEncoder } from "@moco/evaluation/Inspection/inspect"
import { Effect, Path, Schema } from "effect"
import { writeProjector } from "../EventFile/projector.ts"
import { EventFile } from "../EventFile.ts"
import * as RunFolder from "../RunFolder.ts"

/**
 * Looks at what the query encoder makes of images after `step` steps, and leaves what was seen in the run's folder.
 *
 * The folder is this process's: a run at work holds it.
 */
export const inspect = Effect.fn("Run.inspect")(function* (folder: RunFolder.RunFolder, step: number) {
  const inspected = yield* Effect.interruptible(inspectEncoder(step))
  yield* keepInspected(folder, step, inspected)
  return inspected.inspection
})

/** Leaves what was seen in the folder of a run, which is this process's. */
export const keepInspected = Effect.fn("Run.keepInspected")(function* (
  folder: RunFolder.RunFolder,
  step: number,
  inspected: Inspected
) {
  const path = yield* Path.Path
  const { inspection, pictures } = inspected
  yield* RunFolder.unwritable(folder.inspection)(SafeFile.makeFolder(folder.inspection))
  for (const { bytes, sprite } of pictures) {
    yield* RunFolder.writeFile(path.join(folder.inspection, sprite.file), bytes)
  }
  // Behind its pictures: what it names is there.
  const text = `${JSON.stringify(encode(inspection))}\n`
  yield* RunFolder.writeFile(path.join(folder.inspection, inspectionFile), new TextEncoder().encode(text))
  yield* Effect.provide(
    tellTensorboard(folder.tensorboard, step, inspected),
    EventFile.layerFolder(folder.tensorboard)
  )
})

/** What of it TensorBoard can show: pairs, neighbours, and features in its projector. */
const tellTensorboard = Effect.fnUntraced(function* (
  folder: string,
  step: number,
  { drawn, projected }: Inspected
) {
  const { bytes, sprite } = projected.sprite
  const { height, width } = sprite
  // What it refuses would be a mistake of ours: the points are finite, and as many as their labels.
  yield* Effect.catchTag(
    writeProjector(folder, { ...projected, sprite: { png: bytes, width, height } }),
    "EmbeddingInvalid",
    Effect.die
  )
  const events = yield* EventFile
  for (const [name, { bytes, sprite }] of Object.entries(drawn)) {
    const rows = Math.ceil(sprite.count / sprite.columns)
    yield* events.image(
      `inspection/${name}`,
      step,
      bytes,
      sprite.columns * sprite.width,
      rows * sprite.height
    )
  }
  yield* events.flush
})

const encode = Schema.encodeSync(Inspection)
