import type { Fingerprint } from "../Checkpoint/fingerprint.ts"
import { formatVersion, type Manifest } from "../Checkpoint/manifest.ts"
import type { RunConfig } from "../RunConfig.ts"

/** A fingerprint of no machine. */
export const sampleFingerprint: Fingerprint = {
  backend: "tensorflow",
  version: "2.21.0",
  device: "cpu",
  threads: 2,
  oneDnn: "",
  nativeOps: "",
  cpuFeatures: ["avx2"],
  node: "v22"
}

/** What a checkpoint of a run after `step` steps says about itself, before its parts are known. */
export const sampleManifest = (config: RunConfig, step: number): Omit<Manifest, "parts"> => ({
  format: formatVersion,
  savedAt: "2026-01-01T00:00:00.000Z",
  config,
  fingerprint: sampleFingerprint,
  progress: {
    step,
    trainingSeconds: 1,
    evaluationSeconds: 1,
    logPosition: 0,
    measurements: [],
    evaluatedAt: {},
    rollbacks: 0,
    rateFactor: 1
  },
  counters: { pointer: 3 }
})
