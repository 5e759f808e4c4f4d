import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { knnAccuracy } from "@moco/evaluation/Evaluation/Knn"
import { measured } from "@moco/evaluation/Measurement"
import type { RunConfig } from "@moco/train/RunConfig"
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

/** A run folder as a run of four epochs leaves it that has no last word. */
export const writeRun = (folder: string, accuracy: number) =>
  write(folder, { ...fashionMnistQuick(), training: { epochs: numEpochs, batchSize: 800 } }, [
    ...Array.from({ length: numSteps }, (_, i) => step(i)),
    evaluation("raw pixels", 0, 0.77),
    evaluation("untrained encoder", 0, 0.5),
    evaluation("trained encoder", 2, accuracy - 0.05),
    evaluation("trained encoder", numEpochs, accuracy)
  ])

const write = (folder: string, config: RunConfig, events: ReadonlyArray<RunEvent>) => {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, "config.json"), JSON.stringify(config))
  const lines = events.map(
    (event) => `${JSON.stringify({ format: 2, time: "2026-01-01T00:00:00.000Z", ...event })}\n`
  )
  writeFileSync(join(folder, "metrics.jsonl"), lines.join(""))
  return folder
}

const finishedSteps = 8

const finished = (accuracy: number): ReadonlyArray<RunEvent> => [
  ...Array.from(
    { length: finishedSteps },
    (_, step): RunEvent => ({
      ...{
        event: "step",
        step,
        epoch: Math.floor(step / 4),
        numSteps: finishedSteps,
        numEpochs: 2,
        stepMs: 500
      },
      metrics: { loss: 7 - step / 20 }
    })
  ),
  ...(["raw pixels", "trained encoder"] as const).map(
    (subject): RunEvent => ({
      ...{ event: "evaluation", step: finishedSteps, epoch: 2, seconds: 1 },
      measurements: [200, 20].map((k) =>
        measured(knnAccuracy(k, 0.1), subject, subject === "raw pixels" ? 0.77 : accuracy)
      )
    })
  ),
  {
    ...{ event: "finished", step: finishedSteps, epoch: 2, outcome: "completed" },
    ...{ trainingSeconds: 4, evaluationSeconds: 1 }
  }
]

/** The same of a run of two epochs that has ended, with files in place of its encoder. */
export const writeFinishedRun = (folder: string, accuracy = 0.7, { seed = 1, temperature = 0.1 } = {}) => {
  const recipe = fashionMnistQuick()
  const loss = { ...recipe.loss, temperature }
  write(folder, { ...recipe, seed, loss, training: { epochs: 2, batchSize: 800 } }, finished(accuracy))
  writeFileSync(join(folder, "encoder.safetensors"), "weights")
  writeFileSync(join(folder, "encoder.json"), "{}")
  return folder
}
