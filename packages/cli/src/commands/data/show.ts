import * as Escape from "@moco/core/Escape"
import * as SafeFile from "@moco/core/SafeFile"
import { upTo } from "@moco/core/Setting"
import * as Catalog from "@moco/data/Catalog"
import { maxInputSize } from "@moco/data/Dataset/check"
import * as Files from "@moco/data/Files"
import { loadDrawing } from "@moco/report/charts/load"
import type { GridRow } from "@moco/report/images/grid"
import { dataDirsOf } from "@moco/train/dataDirs"
import * as RunFolder from "@moco/train/RunFolder"
import { photosOf } from "@moco/train/recipes/photos"
import { Console, Effect, Option, Path } from "effect"
import { Command, Flag } from "effect/cli"
import { FlagsInvalid } from "../../FlagsInvalid.ts"
import { dataDirFlag, namedFlag, pathFlag } from "../../flags.ts"
import { requireOutside } from "./requireOutside.ts"
import { describe, describeChannels, describeViews } from "./show/describe.ts"
import { describeRows, rowsOf } from "./show/images.ts"
import { statisticsOf } from "./show/statistics.ts"
import { augmentNames, ofRecipe, recipeOf, viewHeadings, viewRows, viewsOf } from "./show/views.ts"

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
  augment: Flag.Literals("augment", augmentNames).pipe(
    Flag.withDescription(
      "draw pairs of views in place of images: as the recipe for these images makes them, or by a preset"
    ),
    Flag.withOptionalValue(ofRecipe),
    Flag.optional
  ),
  imageSize: Flag.Int("image-size").pipe(
    Flag.withSchema(upTo(maxInputSize)),
    Flag.withDescription("height and width of the views, pixels (default: the recipe's)"),
    Flag.optional
  ),
  out: pathFlag("out", "the picture (default: NAME.png, or NAME-views.png, in this folder)", "FILE"),
  dataDir: dataDirFlag
}

/** `moco data show`: what is in a data set, in words and as a picture. */
export const show = Command.make(
  "show",
  flags,
  Effect.fn("cli.data.show")(
    function* ({ augment, data, dataDir, imageSize, out, split }) {
      if (Option.isSome(imageSize) && Option.isNone(augment)) {
        const problem = "is the size of views, and images are drawn as they are"
        const flags = `--image-size=${imageSize.value}`
        return yield* new FlagsInvalid({ flags, problem, hint: "give --augment as well, or leave it away" })
      }
      if (!Catalog.names.some((known) => known === data)) yield* requireOutside(data, out, "picture")
      yield* requireSearched(data, dataDir)
      const set = yield* datasetAt(data, split, Option.getOrUndefined(dataDir))
      const { name, notes, test, train } = set
      const { numSeen, statistics } = yield* statisticsOf(set)
      const views = Option.isNone(augment)
        ? undefined
        : viewsOf(augment.value, yield* set.recipe, Option.getOrUndefined(imageSize))
      const rows = views === undefined ? yield* rowsOf(train) : yield* viewRows(set, statistics, views)
      const [suffix, of] =
        views === undefined ? ["", "images to train on"] : ["-views", `views ${views.whose}`]
      const picture = Option.getOrElse(out, () => `${name}${suffix}.png`)
      const headings = views === undefined ? [] : viewHeadings
      const left = views === undefined ? describeRows(train) : []
      const title = [[`${name}: ${of}`, ...left].join("; "), describeChannels(statistics, numSeen)]
      yield* draw(picture, title, { rows, channels: train.channels, headings })
      yield* Console.log(describe(name, train, test))
      yield* Console.log(describeChannels(statistics, numSeen))
      for (const note of notes) yield* Console.log(`note: ${Escape.line(note)}`)
      if (views !== undefined) yield* Console.log(describeViews(views))
      const bad = [train, test].flatMap((part) => (part?.quarantine === undefined ? [] : [part.quarantine]))
      for (const { file, problem } of (yield* Effect.all(bad)).flat()) {
        yield* Console.log(`no image: ${Escape.line(file)}: ${Escape.line(problem)}`)
      }
      yield* Console.log(`picture: ${[Escape.line(picture), ...left].join("; ")}`)
      // It writes one file, as a whole.
    },
    Effect.scoped,
    Effect.interruptible
  )
).pipe(
  Command.withDescription(
    "Show what is in a data set: its parts, classes and channels, and a picture of images or of views of them"
  ),
  Command.withExamples([
    { command: "npx moco data show", description: "the embedded images" },
    { command: "npx moco data show --data=photos --out=photos.png", description: "a folder of one's own" },
    { command: "npx moco data show --data=photos --augment", description: "what its recipe makes of them" },
    { command: "npx moco data show --data=photos --augment=mocoV2", description: "views by a preset" }
  ])
)

/** A folder of one's own is where it is. */
const requireSearched = (data: string, dataDir: Option.Option<string>) =>
  Option.isNone(dataDir) || Catalog.names.some((known) => known === data)
    ? Effect.void
    : Effect.fail(
        new FlagsInvalid({
          flags: `--data-dir=${dataDir.value}`,
          problem: `nothing is read from it, for --data=${data} is where the images are`,
          hint: "leave --data-dir away"
        })
      )

interface Grid {
  readonly rows: ReadonlyArray<GridRow>
  readonly channels: number
  readonly headings: ReadonlyArray<string>
}

/** Writes a picture of images. */
const draw = Effect.fnUntraced(function* (picture: string, title: ReadonlyArray<string>, grid: Grid) {
  const { channels, headings, rows } = grid
  const path = yield* Path.Path
  const { imageGrid } = yield* loadDrawing(
    { path: picture, hint: "where files are missing, run: npm ci" },
    () => import("@moco/report/images/grid")
  )
  const bytes = yield* Effect.promise(() => imageGrid(title, rows, channels, headings))
  yield* RunFolder.unwritable(picture)(SafeFile.makeFolders(path.dirname(picture)))
  yield* RunFolder.writeFile(picture, bytes)
})

/** The data set that `--data` names, whichever size an encoder would see it in, and the recipe that suits it. */
const datasetAt = Effect.fnUntraced(function* (
  data: string,
  split: Catalog.EvaluationSplit,
  dataDir: string | undefined
) {
  const name = Catalog.names.find((known) => known === data)
  if (name === undefined) {
    const path = (yield* Path.Path).resolve(data)
    const sources = yield* Files.sourcesOf({ ...Files.usualFiles, path, maxBad: 1 }, split)
    return { ...sources, statistics: undefined, recipe: Effect.map(Files.survey(path), photosOf) }
  }
  const { statistics, ...sources } = yield* Catalog.sourcesOf(name, split, yield* dataDirsOf(dataDir, name))
  return { name, notes: [], ...sources, statistics, recipe: Effect.succeed(recipeOf(name)) }
})
