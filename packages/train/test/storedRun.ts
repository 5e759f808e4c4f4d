import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import * as Run from "@moco/train/Run"
import type { RunConfig } from "@moco/train/RunConfig"
import { tinyConfig } from "@moco/train/testing/tinyConfig"
import { Effect } from "effect"

/** What it is trained and measured on. */
export const images = { numTrain: 64, numTest: 24, height: 8, width: 8, channels: 1, numClasses: 3, seed: 1 }
export const stages = { dataset: layerSynthetic(images) }

export const config: RunConfig = {
  ...tinyConfig,
  training: { epochs: 2, batchSize: 16 },
  evaluations: {
    knn: { everyEpochs: 1, k: [5], temperature: 0.1 },
    pretext: { everyEpochs: 1, numImages: 24 },
    spectrum: { everyEpochs: 1, numImages: 24 }
  }
}

/** Trains in a folder, and gives what its end was measured as. */
export const trained = (folder: string) =>
  Run.open({ config, folder }, { stages }).pipe(
    Effect.flatMap((run) => Effect.andThen(run.train(), run.evaluate)),
    Effect.scoped
  )
