import type { RunConfig } from "../RunConfig.ts"
import { fashionMnistQuick } from "./fashionMnistQuick.ts"

/**
 * All 60,000 training images, evaluated on the published 10,000 test images.
 *
 * - Source: as `fashionMnistQuick`, with the authors' dictionary of 4,096 keys.
 * - Needs: the four IDX files (`npx moco data fetch fashion-mnist`, or `--data-dir`)
 * - Command: `npx moco train --recipe=fashionMnist`
 * - Cost: seven and a half times the images of the quick recipe in each of 20 epochs
 */
export const fashionMnist = (): RunConfig => {
  const quick = fashionMnistQuick()
  return {
    ...quick,
    recipe: "fashionMnist",
    data: { ...quick.data, name: "fashion-mnist" },
    dictionary: { kind: "queue", size: 4096 },
    training: { ...quick.training, epochs: 20 }
  }
}
