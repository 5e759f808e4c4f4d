import type { StudyDefinition } from "../Study.ts"
import { difference, smallStudy } from "./smallSetting.ts"

/**
 * How many keys the queue needs: K from 16 to 8,192, on 8,000 images.
 *
 * - Source: He et al. 2020, figure 3, the line of MoCo (ResNet-50, ImageNet, K = 256 to 65,536)
 * - Command: `npx moco ablate --study=queue-size`
 */
export const queueSize = (): StudyDefinition =>
  smallStudy({
    name: "queue-size",
    axes: [{ name: "K", setting: "dictionary.size", values: [16, 64, 256, 1024, 4096, 8192] }],
    chart: { x: "K", logarithmic: true },
    reference: { K: 1024 },
    published: {
      source: "He et al. 2020, figure 3: ImageNet, linear top-1 (512: 56.4; 16,384: 60.4; 65,536: 60.6)",
      values: [
        { cell: { K: 256 }, percent: 54.7 },
        { cell: { K: 1024 }, percent: 57.5 },
        { cell: { K: 4096 }, percent: 59 }
      ]
    },
    claims: [
      {
        statement: "a larger dictionary is better (K = 256 over 16, K = 4,096 over 256)",
        paper: "rises from 54.7 % at K = 256 over 57.5 % at 1,024 and 59.0 % at 4,096 to 60.6 % at 65,536",
        expects: "above",
        contrasts: [
          { label: "K = 256 over K = 16", terms: difference({ K: 256 }, { K: 16 }) },
          { label: "K = 4,096 over K = 256", terms: difference({ K: 4096 }, { K: 256 }) }
        ]
      },
      {
        statement: "gains flatten: from K = 16 to 256 there is more to gain than from 256 to 4,096",
        paper: "+4.3 points from K = 256 to 4,096, and +1.6 from 4,096 to 65,536, both 16 times the keys",
        expects: "above",
        contrasts: [
          {
            label: "gain from 16 to 256 over gain from 256 to 4,096",
            terms: [...difference({ K: 256 }, { K: 16 }), ...difference({ K: 256 }, { K: 4096 })]
          }
        ]
      }
    ]
  })
