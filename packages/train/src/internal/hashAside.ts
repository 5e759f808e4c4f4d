import { Worker } from "node:worker_threads"
import { Effect } from "effect"

/** Bytes that another thread can read without a copy. */
export const allocateShared = (numBytes: number): Uint8Array =>
  new Uint8Array(new SharedArrayBuffer(numBytes))

const program = `
const { createHash } = require("node:crypto")
const { parentPort, workerData } = require("node:worker_threads")
parentPort.postMessage(workerData.map((bytes) => createHash("sha256").update(bytes).digest("hex")))`

/**
 * SHA-256 of each in lower-case hexadecimal, worked out on another thread, so that training goes on meanwhile. What
 * {@link allocateShared} gave is not copied; Web Crypto's digest, which has threads too, copies on this one.
 */
export const hashAside = (parts: ReadonlyArray<Uint8Array>): Effect.Effect<ReadonlyArray<string>> =>
  Effect.callback<ReadonlyArray<string>>((resume) => {
    const worker = new Worker(program, { eval: true, workerData: parts })
    worker.once("message", (hashes: ReadonlyArray<string>) => resume(Effect.succeed(hashes)))
    worker.once("error", (error) => resume(Effect.die(error)))
    return Effect.promise(() => worker.terminate())
  })
