import { Backend } from "@moco/core/Backend"
import * as Escape from "@moco/core/Escape"
import { DatasetInvalid } from "@moco/data/Dataset"
import { openFiles } from "@moco/data/FileSet/open"
import { writePack } from "@moco/data/FileSet/writePack"
import { usualFiles } from "@moco/data/Files"
import * as RunFolder from "@moco/train/RunFolder"
import { Console, Effect, Layer, Option, Path, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { commandText } from "../../commandLine/commandText.ts"
import { namedFlag } from "../../flags.ts"
import { requireOutside } from "./requireOutside.ts"

const flags = {
  data: namedFlag("data").pipe(Flag.withDescription("a folder of one's own"), Flag.withMetavar("DIR")),
  out: namedFlag("out").pipe(
    Flag.withDescription("the packed file, e.g. photos.pack"),
    Flag.withMetavar("FILE")
  ),
  shorterSide: Flag.Int("shorter-side").pipe(
    Flag.withSchema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 8192 }))),
    Flag.withDescription("pixels that a longer shorter side is shrunk to (data.files.shorterSide)"),
    Flag.withDefault(usualFiles.shorterSide)
  )
}

/** Arrays are read by slices already. */
const nothingToPack = (path: string) =>
  new DatasetInvalid({
    ...{ dataset: path, field: "images", value: "an array" },
    problem: "lie in a file as they are read: nothing is to be decoded",
    hint: `train on them: ${commandText("train", { data: path })}`
  })

/** So many are named. */
const maxNamed = 20

const tellOfBad = Effect.fnUntraced(function* (bad: Effect.Success<ReturnType<typeof writePack>>) {
  if (bad.length === 0) return
  yield* Console.error(`warning: ${bad.length} files are no images:`)
  for (const { file, problem } of bad.slice(0, maxNamed))
    yield* Console.error(`  ${Escape.line(file)}: ${Escape.line(problem)}`)
  if (bad.length > maxNamed) yield* Console.error(`  and ${bad.length - maxNamed} more`)
})

/** `moco data pack`: decodes the images of a folder once, into a file that is trained on in its place. */
export const pack = Command.make(
  "pack",
  flags,
  Effect.fn("cli.data.pack")(
    function* ({ data, out, shorterSide }) {
      yield* requireOutside(data, Option.some(out), "packed file")
      const path = (yield* Path.Path).resolve(data)
      const { background, maxPixels } = usualFiles
      const decoding = { background, maxPixels, shorterSide }
      // It brings a decoder that is twice as fast; where it cannot be loaded, the pixels are the same without.
      yield* Effect.ignore(Layer.build(Backend.layerTensorflow()))
      const set = yield* openFiles(path, decoding)
      if (set.form !== undefined) return yield* nothingToPack(path)
      const numFiles = set.names.length
      const every = Math.max(1, Math.ceil(numFiles / 10))
      const bad = yield* writePack(set, decoding, out, (numDone) =>
        numDone % every === 0 || numDone === numFiles
          ? Console.log(
              `${String(Math.floor((100 * numDone) / numFiles)).padStart(3)}%  ${numDone} of ${numFiles} images`
            )
          : Effect.void
      ).pipe(
        Effect.catchIf(
          (error) => error._tag === "PlatformError",
          (error) => RunFolder.unwritable(out)(Effect.fail(error))
        )
      )
      yield* tellOfBad(bad)
      for (const note of set.notes ?? []) yield* Console.log(`note: ${Escape.line(note)}`)
      const isUsual = shorterSide === usualFiles.shorterSide
      const decodedAs = isUsual ? undefined : `data.files.shorterSide=${shorterSide}`
      // With more of them a run stops, unless it is told to go on.
      const part = Math.ceil((1000 * bad.length) / numFiles) / 1000
      const maxBad = part > usualFiles.maxBad ? String(part) : undefined
      const command = commandText("train", { data: out, set: decodedAs, "max-bad": maxBad })
      yield* Console.log(`train on it: ${command}`)
    },
    Effect.scoped,
    // The file appears when it is whole, so it can be stopped anywhere.
    Effect.interruptible
  )
).pipe(
  Command.withDescription("Decode a folder's images once, into a file that is trained on in its place"),
  Command.withExamples([
    { command: "npx moco data pack --data=photos --out=photos.pack", description: "a folder of one's own" }
  ])
)
