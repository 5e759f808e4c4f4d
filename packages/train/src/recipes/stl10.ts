import { published } from "@moco/core/Encoder/published"
import { mocoV2 } from "@moco/data/Augmentation/presets"
import type { RunConfig } from "../RunConfig.ts"
import { cifar10 } from "./cifar10.ts"

/**
 * The 100,000 images of STL-10 that have no labels, at their 96 pixels: MoCo v2 with a ResNet-18 in its ImageNet form.
 *
 * - Source: Chen et al. 2020 (head, temperature, views, cosine, 0.03 for batches of 256); encoder and number of epochs are
 *   usual for this set, the queue is a sixth of the images. Nothing was tuned for it.
 * - Needs: `npx moco data fetch stl10-unlabelled`, or the archive unpacked in `--data-dir` (docs/data.md)
 * - Command: `npx moco train --recipe=stl10 --data-dir=DIR`
 * - Cost: about an hour an epoch and 4 days in all on 2 shared cores of an AMD EPYC with AVX2: 71 ms of processor time an
 *   image, the median of 4 steps of 64 generated images while others used the machine, both cores taken to be busy.
 *   1.1 GB at batches of 64
 * - Expected: no figure of MoCo with this encoder is known. SimCLR, ResNet-18, linear classifier on the 5,000 labelled images:
 *   70.3 % after 40 epochs (sthalles/SimCLR; kNN 66.2), 76.5 after 100 (Spijkervet/SimCLR). While it trains
 *   only what needs no labels is measured, of the first training images; the exported encoder is evaluated on `stl10`
 *   (docs/pytorch.md). Here it was not run to its end
 */
export const stl10 = (): RunConfig => {
  const cifar = cifar10()
  return {
    ...cifar,
    recipe: "stl10",
    data: { name: "stl10-unlabelled", evaluationSplit: "test", imageSize: 96 },
    augmentation: mocoV2,
    encoder: { ...cifar.encoder, ...published.resnet18, stem: "imagenet", head: "mlp" },
    dictionary: { kind: "queue", size: 16_384 },
    momentum: { kind: "ema", m: 0.999 },
    loss: { kind: "infoNce", temperature: 0.2, symmetric: false },
    optimizer: { learningRate: 0.03, momentum: 0.9, weightDecay: 1e-4, schedule: { kind: "cosine" } },
    training: { epochs: 100, batchSize: 256 },
    evaluations: {
      pretext: { everyEpochs: 10, numImages: 1000 },
      spectrum: { everyEpochs: 10, numImages: 1000 }
    }
  }
}
