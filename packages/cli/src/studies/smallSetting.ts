/**
 * The setting of the studies: the quick recipe with a stem that halves the image twice, which makes a run five times
 * as fast and no worse, so that every cell can have five seeds. One thread a run; runs go side by side.
 */
export const smallSetting: Readonly<Record<string, unknown>> = {
  "encoder.stem": "imagenet",
  "training.epochs": 12,
  "evaluation.everyEpochs": 12,
  "backend.threads": 1
}

/** Batch and learning rate of the setting. */
export const smallBatch = 128
export const smallLearningRate = 0.12

/** Images in a batch-norm group, the same whatever the batch. */
export const imagesPerGroup = 32

export const fiveSeeds = [1, 2, 3, 4, 5] as const
