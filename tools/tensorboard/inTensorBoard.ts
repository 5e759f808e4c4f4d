import * as SafeFile from "@moco/core/SafeFile"
import { lastLines, run } from "@moco/native/setup/Command"
import { EventFile } from "@moco/train/EventFile"
import { writeProjector } from "@moco/train/EventFile/projector"
import { filesOf } from "@moco/train/RunFolder/files"
import { Effect, FileSystem, Path, Schema } from "effect"
import { killedRun } from "./killedRun.ts"
import { TensorBoardDiffers } from "./TensorBoardDiffers.ts"

const Report = Schema.fromJsonString(
  Schema.Struct({
    tensorboard: Schema.String,
    tags: Schema.Int,
    /** Points that are shown, by all tags together. */
    points: Schema.Int,
    /** Points that were told before the kill, and are shown no more. */
    purged: Schema.Int,
    /** Bytes of the event files for a step, what is told besides included. */
    bytesPerStep: Schema.Finite,
    /** Ways of reading that were compared with the log. */
    readBy: Schema.Array(Schema.String)
  })
)

/** A PNG of one grey pixel. */
const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==",
  "base64"
)

/** What is told beside the numbers, and `read.py` looks for. */
const extras = {
  histogram: { low: -1, high: 3, counts: [0, 5, 0, 7] },
  image: { width: 1, height: 1 },
  points: { data: Float32Array.of(0.1, -2, 3e-8, 4, 5, 6.5), shape: [3, 2] },
  labels: [1, 0, 1],
  classes: ["ankle boot", "t-shirt\ttop"]
} as const

/** Trains a run that is killed and goes on, and reads what TensorBoard makes of its files with the package of `python`. */
export const inTensorBoard = Effect.fn("inTensorBoard")(function* (python: string) {
  const path = yield* Path.Path
  const parent = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
  const folder = filesOf(path, path.join(parent, "run"))
  const looked = yield* run(python, ["-c", "import tensorboard"])
  if (looked.exitCode !== 0) {
    return yield* new TensorBoardDiffers({
      problem: `${python} cannot import tensorboard:\n${lastLines(looked.output)}`,
      hint: "install it there (-m pip install tensorboard), or name another Python with --python"
    })
  }
  yield* killedRun(folder.path)
  yield* Effect.gen(function* () {
    const { histogram, image } = yield* EventFile
    yield* histogram("similarities", 80, extras.histogram)
    yield* image("images", 80, png, extras.image.width, extras.image.height)
  }).pipe(Effect.provide(EventFile.layerFolder(folder.tensorboard)))
  const { classes, labels, points } = extras
  const sprite = { png, width: 1, height: 1 }
  yield* writeProjector(folder.tensorboard, { points, labels, classes, sprite })
  const wanted = path.join(parent, "wanted.json")
  const numbers = { ...points, data: [...points.data] }
  const json = JSON.stringify({ ...extras, points: numbers, png: png.toString("base64") })
  yield* SafeFile.create(wanted, new TextEncoder().encode(json))
  const script = path.join(import.meta.dirname, "read.py")
  const { exitCode, output } = yield* run(python, [script, folder.path, wanted])
  if (exitCode === 0) return yield* Schema.decodeUnknownEffect(Report)(output.trimEnd().split("\n").at(-1))
  return yield* new TensorBoardDiffers({
    problem: `TensorBoard does not show what the run has told:\n${lastLines(output, 20)}`,
    hint: "see packages/train/src/EventFile and tools/tensorboard/read.py"
  })
}, Effect.scoped)
