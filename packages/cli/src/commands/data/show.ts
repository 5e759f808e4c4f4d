import * as Escape from "@moco/core/Escape"
import * as Catalog from "@moco/data/Catalog"
import * as Files from "@moco/data/Files"
import type { ImageSource } from "@moco/data/ImageSource"
import { loadDrawing } from "@moco/report/charts/load"
import { dataDirsOf } from "@moco/train/dataDirs"
import * as RunFolder from "@moco/train/RunFolder"
import { Console, Effect, FileSystem, Option, Path } from "effect"
import { Command, Flag } from "effect/cli"
import { dataDirFlag, namedFlag, pathFlag } from "../../flags.ts"

const flags = {
  data: namedFlag("data").pipe(
    Flag.withDescription(`a folder of one's own, or one of ${Catalog.names.join(", ")}`),
    Flag.withMetavar("DIR|NAME"),
    Flag.withDefault("fashion-mnist-10k")
  ),
  split: Flag.Literals("split", Catalog.evaluationSplits).pipe(
    Flag.withDescription("which images are held back to evaluate on"),
    Flag.withDefault("test" as const)
  ),
  out: pathFlag("out", "the picture (default: NAME.png in this folder)", "FILE"),
  dataDir: dataDirFlag
}

/** `moco data show`: what is in a data set, in words and as a picture. */
export const show = Command.make(
  "show",
  flags,
  Effect.fn("cli.data.show")(function* ({ data, dataDir, out, split }) {
    const path = yield* Path.Path
    const { name, notes, test, train } = yield* datasetAt(data, split, Option.getOrUndefined(dataDir))
    const picture = Option.getOrElse(out, () => `${name}.png`)
    const rows = yield* rowsOf(train)
    const bad = [train, test].flatMap((part) => (part?.quarantine === undefined ? [] : [part.quarantine]))
    const { imageGrid } = yield* loadDrawing(
      { path: picture, hint: "where files are missing, run: npm ci" },
      () => import("@moco/report/images/grid")
    )
    const bytes = yield* Effect.promise(() => imageGrid(`${name}: images to train on`, rows, train.channels))
    yield* RunFolder.unwritable(picture)(
      Effect.flatMap(FileSystem.FileSystem, (fs) =>
        fs.makeDirectory(path.dirname(picture), { recursive: true })
      )
    )
    yield* RunFolder.writeFile(picture, bytes)
    yield* Console.log(describe(name, train, test))
    for (const note of notes) yield* Console.log(`note: ${Escape.line(note)}`)
    for (const { file, problem } of (yield* Effect.all(bad)).flat()) {
      yield* Console.log(`no image: ${Escape.line(file)}: ${Escape.line(problem)}`)
    }
    yield* Console.log(`picture: ${Escape.line(picture)}`)
  }, Effect.scoped)
).pipe(
  Command.withDescription("Show what is in a data set: its parts and classes, and a picture of some images"),
  Command.withExamples([
    { command: "npx moco data show", description: "the embedded images" },
    { command: "npx moco data show --data=photos --out=photos.png", description: "a folder of one's own" }
  ])
)

/** The data set that `--data` names, whichever size an encoder would see it in. */
const datasetAt = Effect.fnUntraced(function* (
  data: string,
  split: Catalog.EvaluationSplit,
  dataDir: string | undefined
) {
  const name = Catalog.names.find((known) => known === data)
  if (name === undefined) {
    const path = (yield* Path.Path).resolve(data)
    const sources = yield* Files.sourcesOf({ ...Files.usualFiles, path, maxBad: 1 }, split)
    return { ...sources, test: sources.test }
  }
  return { name, notes: [], ...(yield* Catalog.sourcesOf(name, split, yield* dataDirsOf(dataDir, name))) }
})

const perRow = 10
const maxRows = 20

/** Some images of every class, or of all where there are none. */
const rowsOf = Effect.fnUntraced(function* (train: ImageSource) {
  const { classes, labels } = train
  const groups =
    classes === undefined || labels === undefined
      ? Array.from({ length: Math.min(6, Math.ceil(train.numImages / perRow)) }, (_, row) => ({
          label: "",
          indices: spread(train.numImages, perRow, row)
        }))
      : classes.slice(0, maxRows).map((label, index) => {
          const rows = [...labels.keys()].filter((row) => labels[row] === index)
          return {
            label: `${label} (${rows.length})`,
            indices: spread(rows.length, perRow).map((at) => rows[at]!)
          }
        })
  return yield* Effect.forEach(
    groups.filter(({ indices }) => indices.length > 0),
    ({ indices, label }) => Effect.map(train.read(Int32Array.from(indices)), (images) => ({ label, images }))
  )
})

/** At most `count` places, evenly spread over `length`; `turn` moves them. */
const spread = (length: number, count: number, turn = 0): ReadonlyArray<number> => {
  const number = Math.min(length, count)
  return Array.from({ length: number }, (_, at) => Math.floor(((at + turn / 7) * length) / number) % length)
}

const describe = (name: string, train: ImageSource, test: ImageSource | undefined): string => {
  const size =
    train.size.kind === "fixed" ? `${train.size.height} x ${train.size.width}` : "of different sizes"
  const kind = train.channels === 1 ? "gray" : train.channels === 3 ? "RGB" : `${train.channels} channels`
  const evaluated = test === undefined ? "none to evaluate on" : `${test.numImages} to evaluate on`
  const lines = [
    `${Escape.line(name)}: ${train.numImages} images to train on, ${evaluated}; ${kind}, ${size}`,
    ...(train.labels === undefined
      ? ["no classes: an encoder is trained on them, and nothing is evaluated by labels"]
      : countsOf(train).map(([label, count]) => `  ${String(count).padStart(7)}  ${Escape.line(label)}`))
  ]
  return lines.join("\n")
}

const countsOf = ({ classes = [], labels = new Int32Array() }: ImageSource) => {
  const counts = new Int32Array(classes.length)
  for (const label of labels) counts[label]! += 1
  return classes.map((label, index) => [label, counts[index]!] as const)
}
