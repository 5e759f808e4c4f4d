import type { RunConfig } from "../RunConfig.ts"
import { fashionMnistQuick } from "./fashionMnistQuick.ts"

/**
 * Ten thousand real images that come with the repository, in under five minutes: what a run is that names no recipe.
 *
 * - Source: {@link fashionMnistQuick} with an encoder that is wider and sees less: ImageNet's stem halves the image twice, so
 *   a step costs no more with features of 256 numbers in place of 64. Chosen on 1,000 of the 8,000 training images
 *   (`--set data.evaluationSplit=validation`); what was tried: docs/results.md
 * - Command: `npx moco train`
 * - Cost and expected scores beside both baselines: README, "What to expect"
 */
export const fashionMnist10k = (): RunConfig => {
  const quick = fashionMnistQuick()
  return {
    ...quick,
    recipe: "fashionMnist10k",
    encoder: { ...quick.encoder, stem: "imagenet", width: 64 },
    training: { epochs: 16, batchSize: 128 },
    evaluations: {
      knn: { everyEpochs: 4, k: [200, 20], temperature: 0.1 },
      linear: { everyEpochs: 16, labels: [1, 0.1, 0.01] },
      pretext: { everyEpochs: 2, numImages: 1000 },
      spectrum: { everyEpochs: 4, numImages: 500 }
    }
  }
}
