import * as Augmentations from "@moco/data/Augmentation/presets"
import { Dataset } from "@moco/data/Dataset"
import { sourcesOf, usualFiles } from "@moco/data/Files"
import { type ImageSource, make, readRange } from "@moco/data/ImageSource"
import type { RunConfig } from "@moco/train/RunConfig"
import { photos } from "@moco/train/recipes/photos"
import { Effect, Layer } from "effect"

/** Fewer images of a subject are left out: there are not enough neighbours to be found. */
const minPerClass = 30

/** Pixels of the shorter side: larger than what the encoder sees, so that crops are not enlarged much. */
const shorterSide = 96

/**
 * The stamps of a drawing program for children (Debian's `tuxpaint-stamps-default`), in folders by subject: the subjects
 * that hold 30 or more, on white. All of them are trained on, without their labels.
 */
export const stamps = (path: string, imageSize: number) =>
  Layer.effect(
    Dataset,
    Effect.gen(function* () {
      const { name, train } = yield* sourcesOf({ ...usualFiles, path, heldBack: 0, shorterSide }, "test")
      const size = { height: imageSize, width: imageSize }
      const kept = yield* inMemory(largeClasses(train))
      return yield* Dataset.make({ name, train: kept, imageSize: size, mean, std })
    })
  )

/** ImageNet's, as for the recipe `photos`. */
const mean = [0.485, 0.456, 0.406]
const std = [0.229, 0.224, 0.225]

/** The images of the classes that have enough, with labels of these classes alone. */
const largeClasses = (source: ImageSource): ImageSource => {
  const labels = source.labels!
  const rowsOf = Map.groupBy(labels.keys(), (row) => labels[row]!)
  const large = [...rowsOf].filter(([, rows]) => rows.length >= minPerClass).map(([label]) => label)
  large.sort((a, b) => a - b)
  const rows = Int32Array.from(labels.keys()).filter((row) => large.includes(labels[row]!))
  return make({
    ...source,
    numImages: rows.length,
    labels: Int32Array.from(rows, (row) => large.indexOf(labels[row]!)),
    classes: large.map((label) => source.classes![label]!),
    read: (indices) => source.read(indices.map((index) => rows[index]!))
  })
}

/** Decoded once: they are few. */
const inMemory = Effect.fnUntraced(function* (source: ImageSource) {
  const images = yield* readRange(source, 0, source.numImages)
  return make({
    ...source,
    read: (indices) => Effect.succeed(Array.from(indices, (index) => images[index]!))
  })
})

/**
 * How the stamps are trained on: chosen by the third of them that `leaveOneOut` calls `tuning`. Their colours tell much of
 * what they are, so views keep more of them than MoCo's.
 */
export const stampsConfig = (seed: number): RunConfig => {
  const recipe = photos()
  return {
    ...recipe,
    recipe: "stamps",
    seed,
    data: { name: "own", evaluationSplit: "test", imageSize: 48 },
    augmentation: { ...Augmentations.mocoV2, cropScale: { min: 0.25, max: 1 }, blur: 0 },
    encoder: { ...recipe.encoder, kind: "resnet" },
    dictionary: { kind: "queue", size: 512 },
    training: { epochs: 80, batchSize: 128 },
    evaluations: {}
  }
}
