import { mocoV2 } from "@moco/data/Augmentation/presets"
import { usualFiles } from "@moco/data/Files"
import type { RunConfig } from "@moco/train/RunConfig"
import { photos } from "@moco/train/recipes/photos"

/** A set of photographs that a package registry ships, and how an encoder is trained on it. */
export interface PhotographSet {
  readonly name: "stamps" | "wallpapers"
  readonly about: string
  /** Pixels that a longer shorter side is shrunk to before crops are taken; 0 keeps all. */
  readonly shorterSide: number
  readonly configOf: (path: string, seed: number) => RunConfig
}

/**
 * Chosen by the third of the stamps that `leaveOneOut` calls `tuning`. Their colours tell much of what they are, so views
 * keep more of them than MoCo's.
 */
const stamps: PhotographSet = {
  name: "stamps",
  about: "drawings and photographs on white, classes are subjects; leave-one-out",
  shorterSide: 96,
  configOf: (path, seed) => {
    const recipe = photos()
    return {
      ...recipe,
      recipe: "stamps",
      seed,
      data: {
        ...recipe.data,
        imageSize: 64,
        files: { ...usualFiles, path, heldBack: 0, shorterSide: stamps.shorterSide }
      },
      augmentation: {
        ...mocoV2,
        // Whole images are seen as squares, however long they are.
        ...{ cropScale: { min: 0.25, max: 1 }, cropRatio: { min: 0.5, max: 2 }, blur: 0, gray: 0 },
        ...{ brightness: 0.1, contrast: 0.1, saturation: 0.1, hue: 0.01 }
      },
      encoder: { ...recipe.encoder, stem: "imagenet", layers: [1, 1, 1, 1] },
      dictionary: { kind: "queue", size: 256 },
      loss: { kind: "infoNce", temperature: 0.2, symmetric: false },
      training: { epochs: 600, batchSize: 128 },
      evaluations: {}
    }
  }
}

/** Nothing was chosen on them: the recipe `photos`, without what it does to colours, which tell pictures apart. */
const wallpapers: PhotographSet = {
  name: "wallpapers",
  about:
    "patches of 32 pixels, classes are the pictures that they are of; left part trained on, right part asked about",
  shorterSide: 0,
  configOf: (path, seed) => {
    const recipe = photos()
    return {
      ...recipe,
      recipe: "wallpapers",
      seed,
      data: { ...recipe.data, imageSize: 32, files: { ...usualFiles, path, shorterSide: 0 } },
      augmentation: { ...mocoV2, cropScale: { min: 0.25, max: 1 }, jitter: 0, gray: 0, blur: 0 },
      dictionary: { kind: "queue", size: 2048 },
      training: { epochs: 8, batchSize: 128 },
      evaluations: {
        knn: { everyEpochs: 8, k: [1, 5, 20], temperature: 0.1 },
        linear: { everyEpochs: 8, labels: [1, 0.1, 0.01] },
        retrieval: { everyEpochs: 8, k: [1, 10] },
        pretext: { everyEpochs: 8, numImages: 2000 },
        spectrum: { everyEpochs: 8, numImages: 2000 }
      }
    }
  }
}

export const photographSets: ReadonlyArray<PhotographSet> = [stamps, wallpapers]
