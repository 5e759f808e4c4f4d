import { gray } from "@moco/data/Augmentation/presets"
import type { RunConfig } from "../RunConfig.ts"

/**
 * Ten thousand real images that come with the repository, a small ResNet, a few minutes.
 *
 * - Source: the CIFAR-10 recipe of the authors' notebook (facebookresearch/moco, branch `colab-notebook`), scaled down to
 *   three residual blocks. Temperature, learning rate, jitter, K and head were chosen on 1,000 of the 8,000 training
 *   images (`--set data.evaluationSplit=validation`).
 * - Command: `npx moco train`
 * - Cost and expected kNN accuracy beside both baselines: README, "What to expect"
 */
export const fashionMnistQuick = (): RunConfig => ({
  recipe: "fashionMnistQuick",
  seed: 1,
  data: { name: "fashion-mnist-10k", evaluationSplit: "test", imageSize: 28 },
  augmentation: gray,
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
  optimizer: { learningRate: 0.12, momentum: 0.9, weightDecay: 5e-4, schedule: { kind: "cosine" } },
  training: { epochs: 12, batchSize: 128 },
  evaluations: { knn: { everyEpochs: 4, k: [200, 20], temperature: 0.1 } },
  backend: { name: "tensorflow", threads: 2 }
})
