import type { StudyDefinition } from "@moco/train/Study"
import { fiveSeeds, smallSetting } from "./smallSetting.ts"

/**
 * Shuffling batch norm: what happens when a query and its key share batch statistics.
 *
 * - Source: He et al. 2020, figure A.1 (with: pretext accuracy about 96.5 %; without: above 99.9 %, and worse features)
 * - Command: `npx nx run cli:ablate --study=shuffle`
 */
export const shuffle = (): StudyDefinition => ({
  name: "shuffle",
  recipe: "fashionMnistQuick",
  set: smallSetting,
  axes: [
    {
      name: "batch norm",
      points: [
        { label: "split, shuffled", set: { "keyShuffle.kind": "shuffle", "encoder.batchNormGroups": 8 } },
        { label: "split, not shuffled", set: { "keyShuffle.kind": "none", "encoder.batchNormGroups": 8 } },
        { label: "plain", set: { "keyShuffle.kind": "plain", "encoder.batchNormGroups": 1 } }
      ]
    }
  ],
  seeds: fiveSeeds,
  chart: { x: "batch norm" },
  reference: { "batch norm": "split, shuffled" },
  claims: [
    {
      statement: "without shuffling, features are worse",
      paper: "kNN accuracy peaks at about 28 % and falls, against 42 % (ImageNet, about 80 epochs)",
      expects: "above",
      contrasts: [
        {
          label: "shuffled over not shuffled",
          terms: [
            { cell: { "batch norm": "split, shuffled" }, weight: 1 },
            { cell: { "batch norm": "split, not shuffled" }, weight: -1 }
          ]
        }
      ]
    }
  ]
})
