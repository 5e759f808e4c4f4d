import type { RunConfig } from "../RunConfig.ts"
import { fashionMnist10k } from "./fashionMnist10k.ts"

/**
 * All 60,000 training images, evaluated on the published 10,000 test images.
 *
 * - Source: the encoder and the views of {@link fashionMnist10k}, with the dictionary of 4,096 keys of the authors' notebook
 * - Needs: the four IDX files (`npx moco data fetch fashion-mnist`, or `--data-dir`)
 * - Command: `npx moco train --recipe=fashionMnist`
 * - Cost and scores beside both baselines: docs/results.md
 */
export const fashionMnist = (): RunConfig => {
  const small = fashionMnist10k()
  return {
    ...small,
    recipe: "fashionMnist",
    data: { ...small.data, name: "fashion-mnist" },
    dictionary: { kind: "queue", size: 4096 },
    training: { ...small.training, epochs: 20 },
    evaluations: {
      knn: { everyEpochs: 5, k: [200, 20], temperature: 0.1 },
      linear: { everyEpochs: 20, labels: [1, 0.1, 0.01] },
      pretext: { everyEpochs: 5, numImages: 2000 },
      spectrum: { everyEpochs: 5, numImages: 2000 }
    }
  }
}
