import type { StudyDefinition } from "@moco/train/Study"
import { fiveSeeds, smallSetting } from "./smallSetting.ts"

/**
 * How sharply the loss tells a key from its negatives.
 *
 * - Source: MoCo v1 uses 0.07, v2 0.2 (Chen et al. 2020); 0.3 was best for a memory bank on CIFAR-100
 * - Command: `npx nx run cli:ablate --study=temperature`
 */
export const temperature = (): StudyDefinition => ({
  name: "temperature",
  recipe: "fashionMnistQuick",
  set: smallSetting,
  axes: [{ name: "T", setting: "loss.temperature", values: [0.05, 0.07, 0.1, 0.2, 0.5, 1] }],
  seeds: fiveSeeds,
  chart: { x: "T", logarithmic: true },
  reference: { T: 0.1 }
})
