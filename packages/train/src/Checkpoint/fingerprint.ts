import type { Backend } from "@moco/core/Backend"
import { Effect, Schema } from "effect"
import type { Cpu } from "../RunFolder/cpu.ts"

/** What decides, beside the config, whether two machines compute the same bits. */
export const Fingerprint = Schema.Struct({
  backend: Schema.String,
  version: Schema.String,
  device: Schema.String,
  /** Threads inside one operation: sums are split among them. */
  threads: Schema.Int,
  /** `TF_ENABLE_ONEDNN_OPTS` as it was set, or empty. */
  oneDnn: Schema.String,
  /** The build of the project's own ops, or empty. */
  nativeOps: Schema.String.pipe(Schema.withDecodingDefault(Effect.succeed(""))),
  /** Instruction sets that kernels are chosen by. */
  cpuFeatures: Schema.Array(Schema.String),
  node: Schema.String
})
export type Fingerprint = typeof Fingerprint.Type

/**
 * The fingerprint of this process, once its backend is loaded.
 *
 * @param threads  those that it has, be they the config's or a variable's
 */
export const fingerprintOf = (backend: Backend["Service"], threads: number, cpu: Cpu): Fingerprint => ({
  backend: backend.name,
  version: backend.version,
  device: backend.device,
  threads,
  oneDnn: process.env["TF_ENABLE_ONEDNN_OPTS"] ?? "",
  nativeOps: backend.nativeOps ?? "",
  cpuFeatures: cpu.features,
  node: process.version
})

/** In what two fingerprints differ, one line each. */
export const fingerprintDifferences = (before: Fingerprint, now: Fingerprint): ReadonlyArray<string> =>
  (Object.keys(before) as ReadonlyArray<keyof Fingerprint>).flatMap((key) => {
    const [then, here] = [String(before[key]), String(now[key])]
    return then === here ? [] : [`${key} was ${then || "unset"} and is ${here || "unset"}`]
  })
