import * as Escape from "@moco/core/Escape"
import { grayHasNone } from "@moco/data/Augmentation/settings"
import * as Catalog from "@moco/data/Catalog"
import { fileImages } from "@moco/data/DataSettings"
import * as Files from "@moco/data/Files"
import { applyOverrides, type RunConfig } from "@moco/train/RunConfig"
import { photos, photosOf } from "@moco/train/recipes/photos"
import { Console, Effect, Option, Path, Schema } from "effect"

/**
 * What `--data` says about a config: values that are laid over it, values that it has where nothing else says so
 * (`underlay`), what they turn out to be (`survey`), and the recipe of who names none.
 */
export const imagesOf = Effect.fn("cli.imagesOf")(function* (
  data: Option.Option<string>,
  said: Said = { file: {}, sets: {} }
) {
  if (Option.isNone(data)) return { layer: {}, underlay: {} }
  const name = Catalog.names.find((known) => known === data.value)
  if (name !== undefined) {
    const { channels, size } = Catalog.entryOf(name)
    const data = { name, files: null, ...(size && { imageSize: size.height }) }
    // The recipe may be one for images in colour.
    return { layer: { data, ...(channels === 3 ? {} : { augmentation: grayHasNone }) }, underlay: {} }
  }
  // A run that goes on elsewhere looks for the same folder.
  const path = (yield* Path.Path).resolve(data.value)
  const survey = yield* Effect.cached(
    Effect.flatMap(partingOf(path, said), (parting) => Files.survey(path, parting))
  )
  return {
    survey,
    recipe: "photos",
    layer: { data: { name: fileImages, files: { path } } },
    underlay: { data: { files: Files.usualFiles } },
    planned: Effect.gen(function* () {
      const surveyed = yield* survey
      yield* tell(surveyed)
      const recipe = photosOf(surveyed)
      yield* tellOfEvaluations(recipe, surveyed)
      return recipe
    })
  }
})

/** How the images are parted, by what is said about them beside their place. */
const partingOf = Effect.fnUntraced(function* (path: string, { file, sets }: Said) {
  const ofData = Object.entries(sets).filter(([name]) => /^data\.(?:files|evaluationSplit)\b/.test(name))
  const layers = [
    { data: { files: Files.usualFiles } },
    Schema.is(NamesParts)(file) ? { data: file.data } : {},
    { data: { name: fileImages, files: { path } } }
  ]
  const { data } = yield* applyOverrides(photos(), layers, Object.fromEntries(ofData))
  return { ...Files.usualFiles, ...data.files, split: data.evaluationSplit }
})

const NamesParts = Schema.Struct({ data: Schema.Unknown })

/** The values of a config file, and those of `--set` and its short forms. */
export interface Said {
  readonly file: unknown
  readonly sets: Readonly<Record<string, string>>
}

const tell = Effect.fnUntraced(function* (surveyed: Surveyed) {
  const { channels, hasClasses, isLabelled, notes, numImages, shorterSide } = surveyed
  const unevaluated = isLabelled ? "in classes (no image held back)" : "without classes"
  const classes = hasClasses ? "in classes" : unevaluated
  const kind = channels === 3 ? "" : `, ${channels} ${channels === 1 ? "channel" : "channels"} each`
  for (const note of notes) yield* Console.log(`note: ${Escape.line(note)}`)
  yield* Console.log(
    `recipe photos, as it is for ${numImages} images to train on, ${classes} of about ${shorterSide} pixels${kind}; every value can be set`
  )
})

/** Says why a recipe for images in classes compares no labels. */
const tellOfEvaluations = ({ evaluations }: RunConfig, { hasClasses }: Surveyed) =>
  hasClasses && evaluations.knn === undefined
    ? Console.log(
        'note: nothing is evaluated by labels, for so many images would be a bank of more than 1 GiB; ask for it with --set evaluations.knn=\'{"everyEpochs": 5, "k": [20], "temperature": 0.1}\''
      )
    : Effect.void

/** What is known of images before a run of them is planned. */
export type Surveyed = Effect.Success<ReturnType<typeof Files.survey>>
