import { grayHasNone } from "@moco/data/Augmentation/settings"
import * as Catalog from "@moco/data/Catalog"
import { fileImages } from "@moco/data/DataSettings"
import * as Files from "@moco/data/Files"
import { photosOf, type Survey } from "@moco/train/recipes/photos"
import { Console, Effect, Option, Path } from "effect"

/** What `--data` says about a config: values for it, and the recipe of who names none. */
export const imagesOf = Effect.fn("cli.imagesOf")(function* (data: Option.Option<string>) {
  if (Option.isNone(data)) return { layer: {} }
  const name = Catalog.names.find((known) => known === data.value)
  if (name !== undefined) {
    const { channels, size } = Catalog.entryOf(name)
    const data = { name, files: null, ...(size && { imageSize: size.height }) }
    // The recipe may be one for images in colour.
    return { layer: { data, ...(channels === 3 ? {} : { augmentation: grayHasNone }) } }
  }
  // A run that goes on elsewhere looks for the same folder.
  const path = (yield* Path.Path).resolve(data.value)
  return {
    recipe: "photos",
    layer: { data: { name: fileImages, files: { ...Files.usualFiles, path } } },
    planned: Effect.map(Effect.tap(Files.survey(path), tell), photosOf)
  }
})

const tell = ({ hasClasses, numImages, shorterSide }: Survey) => {
  const classes = hasClasses ? "in classes" : "without classes"
  return Console.log(
    `recipe photos, as it is for ${numImages} images ${classes} of about ${shorterSide} pixels; every value can be set`
  )
}
