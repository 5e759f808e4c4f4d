import { createHash } from "node:crypto"
import { Worker } from "node:worker_threads"
import { Effect } from "effect"
import { ThreadFailed } from "./ThreadFailed.ts"

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
 *
 * A thread needs file descriptors and memory of its own: where the system has none to give, it is done on this one.
 */
export const hashAside = (parts: ReadonlyArray<Uint8Array>): Effect.Effect<ReadonlyArray<string>> =>
  Effect.catch(onThread(parts), () => Effect.sync(() => parts.map(sha256)))

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex")

/** Fails with whatever keeps a thread from starting, or ends it. */
const onThread = (parts: ReadonlyArray<Uint8Array>) =>
  Effect.callback<ReadonlyArray<string>, ThreadFailed>((resume) => {
    const fail = (cause: unknown) => resume(Effect.fail(new ThreadFailed({ cause })))
    let worker: Worker
    try {
      worker = new Worker(program, { eval: true, workerData: parts })
    } catch (cause) {
      return fail(cause)
    }
    worker.once("message", (hashes: ReadonlyArray<string>) => resume(Effect.succeed(hashes)))
    worker.once("error", fail)
    worker.once("exit", (code) => fail(`it has ended with exit code ${code}`))
    return Effect.promise(() => worker.terminate())
  })
