import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { knnAccuracy } from "@moco/evaluation/Evaluation/Knn"
import { measured } from "@moco/evaluation/Measurement"
import type { RunEvent } from "@moco/train/RunLog"
import { fashionMnistQuick } from "@moco/train/recipes/fashionMnistQuick"

const numSteps = 40
const numEpochs = 4

const step = (step: number): RunEvent => ({
  event: "step",
  step,
  epoch: Math.floor((step * numEpochs) / numSteps),
  numSteps,
  numEpochs,
  metrics: { loss: 7 - step / 20, chanceLoss: Math.log(1025), pretextAccuracy: 0.1 },
  stepMs: 10
})

const evaluation = (subject: string, epoch: number, accuracy: number): RunEvent => ({
  event: "evaluation",
  step: (epoch * numSteps) / numEpochs,
  epoch,
  measurements: [200, 20, 1].map((k) => measured(knnAccuracy(k, 0.1), subject, accuracy + 1 / (10 * k))),
  seconds: 1
})

/** A run folder as a run of four epochs leaves it. */
export const writeRun = (folder: string, accuracy: number) => {
  const config = { ...fashionMnistQuick(), training: { epochs: numEpochs, batchSize: 800 } }
  const events = [
    ...Array.from({ length: numSteps }, (_, i) => step(i)),
    evaluation("raw pixels", 0, 0.77),
    evaluation("untrained encoder", 0, 0.5),
    evaluation("trained encoder", 2, accuracy - 0.05),
    evaluation("trained encoder", numEpochs, accuracy)
  ]
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, "config.json"), JSON.stringify(config))
  const lines = events.map(
    (event) => `${JSON.stringify({ format: 2, time: "2026-01-01T00:00:00.000Z", ...event })}\n`
  )
  writeFileSync(join(folder, "metrics.jsonl"), lines.join(""))
  return folder
}
