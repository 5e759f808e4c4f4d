import * as Escape from "@moco/core/Escape"
import { grayHasNone } from "@moco/data/Augmentation/settings"
import * as Catalog from "@moco/data/Catalog"
import { fileImages } from "@moco/data/DataSettings"
import * as Files from "@moco/data/Files"
import { photosOf } from "@moco/train/recipes/photos"
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

const tell = Effect.fnUntraced(function* ({ channels, hasClasses, notes, numImages, shorterSide }: Surveyed) {
  const classes = hasClasses ? "in classes" : "without classes"
  const kind = channels === 3 ? "" : `, ${channels} ${channels === 1 ? "channel" : "channels"} each`
  for (const note of notes) yield* Console.log(`note: ${Escape.line(note)}`)
  yield* Console.log(
    `recipe photos, as it is for ${numImages} images ${classes} of about ${shorterSide} pixels${kind}; every value can be set`
  )
})

type Surveyed = Effect.Success<ReturnType<typeof Files.survey>>
