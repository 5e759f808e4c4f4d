import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { onTestFinished } from "@effect/vitest"
import { knnAccuracy } from "@moco/evaluation/Evaluation/Knn"
import { measured } from "@moco/evaluation/Measurement"
import { encodeManifest } from "@moco/train/Checkpoint/manifest"
import { folderName } from "@moco/train/Checkpoint/store"
import type { RunConfig } from "@moco/train/RunConfig"
import type { RunEvent } from "@moco/train/RunLog"
import { fashionMnistQuick } from "@moco/train/recipes/fashionMnistQuick"
import { sampleManifest } from "@moco/train/testing"

/** A folder for the test that is running. */
export const temporary = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "moco-runs-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export const numSteps = 40
export const numEpochs = 4

/** Four epochs of ten steps, each of a quarter of a second. */
export const step = (step: number): RunEvent => ({
  event: "step",
  step,
  epoch: Math.floor((step * numEpochs) / numSteps),
  numSteps,
  numEpochs,
  metrics: { loss: 7 - step / 20, chanceLoss: Math.log(1025) },
  stepMs: 250
})

export const steps = (count: number): ReadonlyArray<RunEvent> =>
  Array.from({ length: count }, (_, i) => step(i))

export const evaluation = (
  subject: string,
  epoch: number,
  accuracy: number,
  temperature = 0.1
): RunEvent => ({
  event: "evaluation",
  step: (epoch * numSteps) / numEpochs,
  epoch,
  measurements: [200, 20].map((k) =>
    measured(knnAccuracy(k, temperature), subject, accuracy + (k === 20 ? 0.05 : 0))
  ),
  seconds: 1
})

export const finished = (outcome: "completed" | "interrupted", step = numSteps): RunEvent => ({
  ...{ event: "finished", step, outcome, epoch: Math.floor((step * numEpochs) / numSteps) },
  ...{ trainingSeconds: step / 4, evaluationSeconds: 3 }
})

/** What a run of four epochs logs. */
export const whole = (accuracy: number, temperature = 0.1): ReadonlyArray<RunEvent> => [
  ...steps(numSteps),
  evaluation("raw pixels", 0, 0.77, temperature),
  evaluation("untrained encoder", 0, 0.5, temperature),
  evaluation("trained encoder", numEpochs, accuracy, temperature),
  finished("completed")
]

export const config = (seed = 1): RunConfig => ({
  ...fashionMnistQuick(),
  seed,
  training: { epochs: numEpochs, batchSize: 800 }
})

/** Events as they stand in a log, a second apart from `start` on. */
export const linesOf = (events: ReadonlyArray<RunEvent>, start = "2026-01-01T00:00:00.000Z"): string =>
  events
    .map((event, i) => ({ format: 2, time: new Date(Date.parse(start) + 1000 * i).toISOString(), ...event }))
    .map((record) => `${JSON.stringify(record)}\n`)
    .join("")

/** A run's folder. */
export interface Written {
  readonly config?: RunConfig | string
  readonly log?: string
  readonly encoder?: boolean
}

/** Writes what a run leaves; nothing of it where it is not given. */
export const writeRun = (folder: string, { config, encoder = true, log }: Written): string => {
  mkdirSync(folder, { recursive: true })
  if (config !== undefined) {
    writeFileSync(join(folder, "config.json"), typeof config === "string" ? config : JSON.stringify(config))
  }
  if (log !== undefined) writeFileSync(join(folder, "metrics.jsonl"), log)
  if (encoder) {
    writeFileSync(join(folder, "encoder.safetensors"), "weights")
    writeFileSync(join(folder, "encoder.json"), "{}")
  }
  return folder
}

/** Writes a checkpoint of which the manifest is whole. */
export const writeCheckpoint = (
  folder: string,
  step: number,
  progress: Partial<ReturnType<typeof sampleManifest>["progress"]> = {}
) => {
  const manifest = sampleManifest(config(), step)
  const at = join(folder, "checkpoints", folderName(step))
  mkdirSync(at, { recursive: true })
  const text = encodeManifest({ ...manifest, parts: [], progress: { ...manifest.progress, ...progress } })
  writeFileSync(join(at, "manifest.jsonl"), text)
  writeFileSync(join(at, "query.safetensors"), "query")
}
