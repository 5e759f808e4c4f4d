import * as Escape from "@moco/core/Escape"
import { grayHasNone } from "@moco/data/Augmentation/settings"
import * as Catalog from "@moco/data/Catalog"
import { fileImages } from "@moco/data/DataSettings"
import * as Files from "@moco/data/Files"
import type { RunConfig } from "@moco/train/RunConfig"
import { photosOf } from "@moco/train/recipes/photos"
import { Console, Effect, Option, Path } from "effect"

/**
 * What `--data` says about a config: values that are laid over it, values that it has where nothing else says so
 * (`underlay`), what they turn out to be (`survey`), and the recipe of who names none.
 */
export const imagesOf = Effect.fn("cli.imagesOf")(function* (data: Option.Option<string>) {
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
  const survey = yield* Effect.cached(Files.survey(path))
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

const tell = Effect.fnUntraced(function* ({ channels, hasClasses, notes, numImages, shorterSide }: Surveyed) {
  const classes = hasClasses ? "in classes" : "without classes"
  const kind = channels === 3 ? "" : `, ${channels} ${channels === 1 ? "channel" : "channels"} each`
  for (const note of notes) yield* Console.log(`note: ${Escape.line(note)}`)
  yield* Console.log(
    `recipe photos, as it is for ${numImages} images to train on, ${classes} of about ${shorterSide} pixels${kind}; every value can be set`
  )
})

/** Says why a recipe for images in classes evaluates nothing. */
const tellOfEvaluations = ({ evaluations }: RunConfig, { hasClasses }: Surveyed) =>
  hasClasses && Object.keys(evaluations).length === 0
    ? Console.log(
        'note: nothing is evaluated, for so many images would be a bank of more than 1 GiB; ask for it with --set evaluations.knn=\'{"everyEpochs": 5, "k": [20], "temperature": 0.1}\''
      )
    : Effect.void

type Surveyed = Effect.Success<ReturnType<typeof Files.survey>>
