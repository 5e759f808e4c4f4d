import { stepMetrics } from "@moco/train/stepMetrics"
import type { StudyDefinition } from "../Study.ts"
import { difference, smallStudy } from "./smallSetting.ts"

/**
 * Shuffling batch norm: what happens when a query and its key share batch statistics.
 *
 * - Source: He et al. 2020, figure A.1 (with: pretext accuracy about 96.5 %; without: above 99.9 %, and worse features)
 * - Command: `npx moco ablate --study=shuffle`
 */
export const shuffle = (): StudyDefinition =>
  smallStudy({
    name: "shuffle",
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
    chart: { x: "batch norm" },
    reference: { "batch norm": "split, shuffled" },
    claims: [
      {
        statement: "without shuffling the pretext task is solved better",
        paper:
          "pretext accuracy above 99.9 % without shuffling, about 96.5 % with it (ImageNet, about 80 epochs)",
        expects: "above",
        contrasts: [
          {
            label: "pretext accuracy, not shuffled over shuffled",
            metric: stepMetrics.pretextAccuracy.metric,
            terms: difference({ "batch norm": "split, not shuffled" }, { "batch norm": "split, shuffled" })
          }
        ]
      },
      {
        statement: "without shuffling, features are worse",
        paper: "kNN accuracy peaks at about 28 % and falls, against 42 %",
        expects: "above",
        contrasts: [
          {
            label: "shuffled over not shuffled",
            terms: difference({ "batch norm": "split, shuffled" }, { "batch norm": "split, not shuffled" })
          }
        ]
      }
    ]
  })
