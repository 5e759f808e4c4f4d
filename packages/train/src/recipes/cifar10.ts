import { published } from "@moco/core/Encoder/published"
import { notebook } from "@moco/data/Augmentation/presets"
import type { RunConfig } from "../RunConfig.ts"

/**
 * CIFAR-10 as in the notebook of MoCo's authors: ResNet-18, 200 epochs.
 *
 * - Source: facebookresearch/moco, branch `colab-notebook` (f736491), its defaults. Three things differ: inputs are divided by
 *   the deviation of all pixels (docs/data.md), the stem is initialised as torchvision's and not by PyTorch's default, and
 *   the cosine moves in every step and not once an epoch.
 * - Needs: `npx moco data fetch cifar10`, or the archive in `--data-dir` (docs/data.md)
 * - Command: `npx moco train --recipe=cifar10 --data-dir=DIR`
 * - Cost: about 30 minutes an epoch and 4 days in all on 2 shared cores of an AMD EPYC with AVX2, evaluations beside it:
 *   72 ms of processor time an image, the median of 4 steps of 128 generated images in the published layout while
 *   others used the machine, both cores taken to be busy. 1.6 GB at batches of 128
 * - Expected: kNN accuracy (k = 200) 82.6 % after 200 epochs, 86.3 after 400, 88.7 after 800: the notebook's log, of the
 *   head's 128 numbers and not of the backbone's 512. On its way: 38.0 after epoch 5, 48.0 after 10, 61.4 after 20, 73.3 after
 *   50, 78.1 after 100; the loss rises from 6.96 to 7.29 until epoch 3 and is 5.99 after 10, 3.20 after 50, 2.27 at the end.
 *   Here it was not run to its end
 */
export const cifar10 = (): RunConfig => ({
  recipe: "cifar10",
  seed: 1,
  data: { name: "cifar10", evaluationSplit: "test", imageSize: 32 },
  augmentation: notebook,
  encoder: {
    kind: "resnet",
    ...published.resnet18,
    stem: "cifar",
    head: "linear",
    featureSize: 128,
    batchNormGroups: 8
  },
  dictionary: { kind: "queue", size: 4096 },
  momentum: { kind: "ema", m: 0.99 },
  keyShuffle: { kind: "shuffle" },
  loss: { kind: "infoNce", temperature: 0.1, symmetric: false },
  optimizer: { learningRate: 0.06, momentum: 0.9, weightDecay: 5e-4, schedule: { kind: "cosine" } },
  training: { epochs: 200, batchSize: 512 },
  evaluations: { knn: { everyEpochs: 10, k: [200, 20], temperature: 0.1 } },
  backend: { name: "tensorflow", threads: 2 }
})
