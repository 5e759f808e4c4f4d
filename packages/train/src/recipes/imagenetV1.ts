import { published } from "@moco/core/Encoder/published"
import { mocoV1 } from "@moco/data/Augmentation/presets"
import { fileImages } from "@moco/data/DataSettings"
import { usualFiles } from "@moco/data/Files"
import type { RunConfig } from "../RunConfig.ts"

/**
 * MoCo v1 on ImageNet: ResNet-50, 65,536 keys, 200 epochs.
 *
 * - Source: He et al. 2020 and `main_moco.py` of facebookresearch/moco (132aea9), its defaults. Batch norm in eight groups and
 *   shuffled keys stand for its eight GPUs. Crops are of the files' own pixels up to a shorter side of 512; most are smaller.
 * - Needs: ImageNet's folders `train` and `val`, one folder a class; with a folder of images of one's own it works as well
 * - Command: `npx moco train --recipe=imagenetV1 --data=IMAGENET`
 * - Cost: about 7 days an epoch, years in all, on 2 shared cores of an AMD EPYC with AVX2: 0.9 s of processor time an
 *   image, the median of 4 steps of 16 generated photographs of 500 x 375 while others used the machine. 2.8 GB at
 *   batches of 16; 256 were not tried
 * - Expected: linear classification 60.6 % (paper), 60.8 (0.2) in five trials of the authors' code; 53 hours there on eight
 *   V100. The wider encoders: `--set encoder.width=128` 65.4 %, 256 68.6, groups 32 of 8 (`encoder.groups`,
 *   `encoder.groupWidth`) 63.9. Nothing is evaluated while it trains: a bank of 1.28 million images of 2,048 numbers takes 10 GB,
 *   and of raw pixels beside it 771. Here it was not run to its end
 */
export const imagenetV1 = (): RunConfig => ({
  recipe: "imagenetV1",
  seed: 1,
  data: {
    name: fileImages,
    evaluationSplit: "test",
    imageSize: 224,
    files: { ...usualFiles, path: "imagenet", shorterSide: 512 }
  },
  augmentation: mocoV1,
  encoder: {
    kind: "resnet",
    ...published.resnet50,
    stem: "imagenet",
    head: "linear",
    featureSize: 128,
    batchNormGroups: 8
  },
  dictionary: { kind: "queue", size: 65_536 },
  momentum: { kind: "ema", m: 0.999 },
  keyShuffle: { kind: "shuffle" },
  loss: { kind: "infoNce", temperature: 0.07, symmetric: false },
  optimizer: {
    learningRate: 0.03,
    momentum: 0.9,
    weightDecay: 1e-4,
    schedule: { kind: "step", milestones: [120, 160], factor: 0.1 }
  },
  training: { epochs: 200, batchSize: 256 },
  evaluations: {},
  backend: { name: "tensorflow", threads: 2 }
})
