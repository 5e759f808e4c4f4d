import { newestGood } from "@moco/train/Checkpoint/load"
import { sampleManifest } from "@moco/train/testing"
import { validConfig } from "@moco/train/testing/validConfig"
import { Effect } from "effect"

/** A checkpoint of a step, of two small parts; `content` tells one from another. */
export const checkpoint = (step: number, content = step) => ({
  manifest: sampleManifest(validConfig, step),
  parts: { "a.safetensors": Uint8Array.of(1, 2, content), "b.safetensors": new Uint8Array(1000).fill(step) }
})

const ignoreDamage = () => Effect.void

/** The newest whole checkpoint under `root`, whatever is damaged beside it. */
export const newest = (root: string) => newestGood(root, ignoreDamage)
