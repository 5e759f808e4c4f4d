import type { RunConfig } from "../RunConfig.ts"

/**
 * A config that breaks no rule. It is near a recipe and not derived from it: recorded losses, a study's hashes and a
 * recorded checkpoint are of this config, and a recipe may get better.
 */
export const validConfig: RunConfig = {
  recipe: "test",
  seed: 1,
  data: { name: "fashion-mnist-10k", evaluationSplit: "test", imageSize: 28 },
  augmentation: {
    cropScale: { min: 0.5, max: 1 },
    cropRatio: { min: 0.75, max: 4 / 3 },
    flip: 0.5,
    jitter: 0.8,
    brightness: 0.4,
    contrast: 0.4,
    saturation: 0,
    hue: 0,
    jitterOrder: "fixed",
    gray: 0,
    grayBeforeJitter: false,
    blur: 0,
    blurSigma: { min: 0.1, max: 2 },
    solarize: 0,
    solarizeThreshold: 0.5
  },
  encoder: {
    kind: "resnet",
    block: "basic",
    layers: [1, 1, 1],
    width: 16,
    stem: "cifar",
    head: "linear",
    featureSize: 128,
    batchNormGroups: 4
  },
  dictionary: { kind: "queue", size: 1024 },
  momentum: { kind: "ema", m: 0.99 },
  keyShuffle: { kind: "shuffle" },
  loss: { kind: "infoNce", temperature: 0.1, symmetric: false },
  optimizer: { learningRate: 0.1, momentum: 0.9, weightDecay: 5e-4, schedule: { kind: "cosine" } },
  training: { epochs: 12, batchSize: 128 },
  evaluations: { knn: { everyEpochs: 4, k: [200, 20], temperature: 0.1 } },
  backend: { name: "tensorflow", threads: 2 }
}
