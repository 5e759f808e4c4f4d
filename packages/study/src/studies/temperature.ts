import type { StudyDefinition } from "../Study.ts"
import { difference, smallStudy } from "./smallSetting.ts"

/**
 * How sharply the loss tells a key from its negatives.
 *
 * - Source: MoCo v1 uses 0.07, v2 0.2. The figures beside ours are of a memory bank on CIFAR-100, by a third party
 *   (ResNet-18, linear; repository WangFeng18/UnsupervisedLearningCodes)
 * - Command: `npx moco ablate --study=temperature`
 */
export const temperature = (): StudyDefinition =>
  smallStudy({
    name: "temperature",
    axes: [{ name: "T", setting: "loss.temperature", values: [0.05, 0.07, 0.1, 0.2, 0.5, 0.8] }],
    chart: { x: "T", logarithmic: true },
    reference: { T: 0.1 },
    published: {
      source: "a memory bank on CIFAR-100, ResNet-18, linear top-1 (third party; 0.3: 56.4)",
      values: [
        { cell: { T: 0.05 }, percent: 49.8 },
        { cell: { T: 0.07 }, percent: 51.8 },
        { cell: { T: 0.1 }, percent: 52.5 },
        { cell: { T: 0.2 }, percent: 56.1 },
        { cell: { T: 0.5 }, percent: 54.2 },
        { cell: { T: 0.8 }, percent: 50.1 }
      ]
    },
    claims: [
      {
        statement: "T = 0.2 is better than T = 0.07",
        paper: "56.1 % against 51.8 %",
        expects: "above",
        contrasts: [{ label: "T = 0.2 over 0.07", terms: difference({ T: 0.2 }, { T: 0.07 }) }]
      },
      {
        statement: "a temperature can be too high (0.2 over 0.8)",
        paper: "56.1 % against 50.1 %",
        expects: "above",
        contrasts: [{ label: "T = 0.2 over 0.8", terms: difference({ T: 0.2 }, { T: 0.8 }) }]
      }
    ]
  })
