import type { StudyDefinition } from "../Study.ts"

/**
 * All three mechanisms once, on a tiny encoder: shows in less than a minute that studies work. Its numbers say nothing.
 *
 * - Command: `npx moco ablate --study=smoke`
 */
export const smoke = (): StudyDefinition => ({
  name: "smoke",
  recipe: "fashionMnistQuick",
  set: {
    "encoder.layers": [1],
    "encoder.width": 4,
    "encoder.stem": "imagenet",
    "encoder.featureSize": 16,
    "encoder.batchNormGroups": 2,
    "training.epochs": 1,
    "training.batchSize": 250,
    "backend.threads": 1
  },
  axes: [
    {
      name: "mechanism",
      points: [
        { label: "queue", set: { dictionary: { kind: "queue", size: 1000 } } },
        {
          label: "memory bank",
          set: { dictionary: { kind: "memoryBank", size: 1000, entryMomentum: 0.5, redrawOwn: false } }
        },
        { label: "end-to-end", set: { dictionary: { kind: "endToEnd", weights: "separate" } } }
      ]
    }
  ],
  seeds: [1, 2],
  chart: { x: "mechanism" },
  reference: { mechanism: "queue" }
})
