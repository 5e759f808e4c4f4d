import type { StudyDefinition } from "../Study.ts"
import { difference, imagesPerGroup, smallBatch, smallLearningRate, smallStudy } from "./smallSetting.ts"

/** Sizes at which all three mechanisms are compared: those that a batch can have. */
const sizes = [128, 256, 512, 1024] as const
/** A size that only a dictionary apart from the batch can have. */
const large = 4096

/**
 * The three mechanisms of figure 2 at the same K, with one loss, one encoder and one number of epochs.
 *
 * End-to-end, K is the batch (K - 1 negatives). As in the paper its learning rate grows with the batch, and it takes
 * fewer steps; batch norm keeps its images per group. Queue and memory bank keep the batch of 128. The bank's negatives
 * are drawn once for the whole batch, as the queue's are shared by it.
 *
 * - Source: He et al. 2020, figure 3 (ResNet-50, ImageNet)
 * - Command: `npx moco ablate --study=dictionary`
 */
export const dictionary = (): StudyDefinition =>
  smallStudy({
    name: "dictionary",
    cells: [
      ...[...sizes, large].map((K) => ({
        settings: { mechanism: "queue", K },
        set: { dictionary: { kind: "queue", size: K } }
      })),
      ...[...sizes, large].map((K) => ({
        settings: { mechanism: "memory bank", K },
        set: { dictionary: { kind: "memoryBank", size: K, entryMomentum: 0.5, redrawOwn: false } }
      })),
      ...sizes.map((K) => ({
        settings: { mechanism: "end-to-end", K },
        set: {
          dictionary: { kind: "endToEnd", weights: "separate" },
          "training.batchSize": K,
          "optimizer.learningRate": (smallLearningRate * K) / smallBatch,
          "encoder.batchNormGroups": K / imagesPerGroup
        }
      }))
    ],
    chart: { x: "K", series: "mechanism", logarithmic: true },
    reference: { mechanism: "queue" },
    published: {
      source: "He et al. 2020, figure 3: ImageNet, linear top-1",
      values: [
        ...figures("queue", { 256: 54.7, 512: 56.4, 1024: 57.5, 4096: 59 }),
        ...figures("memory bank", { 256: 50, 512: 52, 1024: 54.1, 4096: 56.5 }),
        ...figures("end-to-end", { 256: 54.9, 512: 56.3, 1024: 57.3 })
      ]
    },
    claims: [
      {
        statement: "the memory bank is below the queue at every K",
        paper: "2.5 to 4.7 points below, at every K from 256 to 65,536",
        expects: "above",
        contrasts: [...sizes, large].map((K) => ({
          label: `queue over memory bank at K = ${K}`,
          terms: difference({ mechanism: "queue", K }, { mechanism: "memory bank", K })
        }))
      },
      {
        statement:
          "the queue equals end-to-end training at the same K, where that takes K / 128 times fewer steps",
        paper: "within 0.2 points at K = 256, 512 and 1,024",
        expects: "zero",
        contrasts: sizes.map((K) => ({
          label: `queue over end-to-end at K = ${K}`,
          terms: difference({ mechanism: "queue", K }, { mechanism: "end-to-end", K })
        }))
      },
      ...(["queue", "memory bank", "end-to-end"] as const).map((mechanism) => ({
        statement: `${mechanism}: a larger dictionary is better (K = 1,024 over 128)`,
        paper: rises[mechanism],
        expects: "above" as const,
        contrasts: [
          {
            label: `${mechanism}, K = 1,024 over 128`,
            terms: difference({ mechanism, K: 1024 }, { mechanism, K: 128 })
          }
        ]
      })),
      {
        statement: "the queue gains from a dictionary that no batch could hold (K = 4,096 over 1,024)",
        paper: "59.0 % over 57.5 %",
        expects: "above",
        contrasts: [
          {
            label: "queue, K = 4,096 over 1,024",
            terms: difference({ mechanism: "queue", K: large }, { mechanism: "queue", K: 1024 })
          }
        ]
      }
    ]
  })

/** What figure 3 shows for each line. */
const rises = {
  queue: "57.5 % at K = 1,024 over 54.7 % at 256",
  "memory bank": "54.1 % at K = 1,024 over 50.0 % at 256",
  "end-to-end": "57.3 % at K = 1,024 over 54.9 % at 256"
}

const figures = (mechanism: string, byK: Readonly<Record<number, number>>) =>
  Object.entries(byK).map(([K, percent]) => ({ cell: { mechanism, K: Number(K) }, percent }))
