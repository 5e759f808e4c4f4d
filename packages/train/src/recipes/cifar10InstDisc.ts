import { instDiscCifar } from "@moco/data/Augmentation/presets"
import type { RunConfig } from "../RunConfig.ts"
import { cifar10 } from "./cifar10.ts"

/**
 * Instance discrimination on CIFAR-10 (Wu et al. 2018): a memory bank, noise-contrastive estimation, ordinary batch norm.
 *
 * - Source: zhirongw/lemniscate.pytorch, `cifar.py` (f7cfe29), which lowers the rate at epochs 120 and 160. The bank begins
 *   with unit vectors.
 * - Needs: as `cifar10`
 * - Command: `npx moco train --recipe=cifar10InstDisc --data-dir=DIR`
 * - Cost: about 23 minutes an epoch and 3 days in all on 2 shared cores of an AMD EPYC with AVX2: 54 ms of processor time
 *   an image, measured as for `cifar10`. 1.6 GB
 * - Expected: kNN accuracy (k = 200) 80.4 % after 200 epochs, 80.8 with the softmax over all 50,000 entries in place of 4,096
 *   draws: as Ye et al. 2019 give it, of the head's 128 numbers. Here it was not run to its end
 */
export const cifar10InstDisc = (): RunConfig => {
  const moco = cifar10()
  return {
    ...moco,
    recipe: "cifar10InstDisc",
    augmentation: instDiscCifar,
    encoder: { ...moco.encoder, batchNormGroups: 1 },
    dictionary: { kind: "memoryBank", size: 4096, entryMomentum: 0.5, redrawOwn: false },
    keyShuffle: { kind: "plain" },
    loss: { kind: "nce", temperature: 0.1, symmetric: false },
    optimizer: {
      learningRate: 0.03,
      momentum: 0.9,
      weightDecay: 5e-4,
      schedule: { kind: "step", milestones: [120, 160], factor: 0.1 }
    },
    training: { epochs: 200, batchSize: 128 }
  }
}
