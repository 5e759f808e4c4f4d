import type { StudyDefinition } from "../Study.ts"
import { difference, smallStudy } from "./smallSetting.ts"

/**
 * How slowly the key encoder must follow: m from 0 (a copy) to 0.9999.
 *
 * - Source: He et al. 2020, section 4.1, table "momentum" (ResNet-50, ImageNet, K = 4,096)
 * - Command: `npx moco ablate --study=momentum`
 */
export const momentum = (): StudyDefinition =>
  smallStudy({
    name: "momentum",
    axes: [{ name: "m", setting: "momentum.m", values: [0, 0.9, 0.99, 0.999, 0.9999] }],
    chart: { x: "m" },
    reference: { m: 0.999 },
    published: {
      source: "He et al. 2020, momentum table: ImageNet, linear top-1, K = 4,096; m = 0 did not converge",
      values: [
        { cell: { m: 0.9 }, percent: 55.2 },
        { cell: { m: 0.99 }, percent: 57.8 },
        { cell: { m: 0.999 }, percent: 59 },
        { cell: { m: 0.9999 }, percent: 58.9 }
      ]
    },
    claims: [
      {
        statement: "a key encoder that copies the query encoder (m = 0) is worse than a slow one (m = 0.999)",
        paper:
          "m = 0 fails: the loss oscillates and does not converge; 0.999 reaches 59.0 % (ImageNet, linear)",
        expects: "above",
        contrasts: [above("m = 0.999 over m = 0", 0.999, 0)]
      },
      {
        statement: "a slow key encoder (m = 0.99, 0.999, 0.9999) is better than a fast one (m = 0.9)",
        paper: "55.2 % at m = 0.9; 57.8, 59.0 and 58.9 % at 0.99, 0.999 and 0.9999",
        expects: "above",
        contrasts: [
          above("m = 0.99 over m = 0.9", 0.99, 0.9),
          above("m = 0.999 over m = 0.9", 0.999, 0.9),
          above("m = 0.9999 over m = 0.9", 0.9999, 0.9)
        ]
      },
      {
        statement: "m = 0.999 is better than m = 0.99",
        paper: "59.0 % against 57.8 %",
        expects: "above",
        contrasts: [above("m = 0.999 over m = 0.99", 0.999, 0.99)]
      },
      {
        statement: "m = 0.9999 is as good as m = 0.999",
        paper: "58.9 % against 59.0 %",
        expects: "zero",
        contrasts: [above("m = 0.9999 over m = 0.999", 0.9999, 0.999)]
      }
    ]
  })

const above = (label: string, higher: number, lower: number) => ({
  label,
  terms: difference({ m: higher }, { m: lower })
})
