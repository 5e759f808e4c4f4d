import { Worker } from "node:worker_threads"
import { Effect } from "effect"
import type { UmapAnswer, UmapRequest } from "./umapWorker.ts"

/**
 * Rows in two dimensions by UMAP (McInnes et al. 2018), in a thread of its own; nothing where no thread can be started, or
 * the library gives up. Interruptible: the thread ends with the fiber.
 */
export const umap = (request: UmapRequest) =>
  Effect.callback<ReadonlyArray<readonly [number, number]> | undefined>((resume) => {
    const answer = (points: UmapAnswer | undefined) => resume(Effect.succeed(points))
    try {
      const worker = new Worker(new URL("./umapWorker.ts", import.meta.url), { workerData: request })
      worker.once("message", (points: UmapAnswer) => answer(points))
      worker.once("error", () => answer(undefined))
      worker.once("exit", () => answer(undefined))
      return Effect.promise(() => worker.terminate())
    } catch {
      return answer(undefined)
    }
  })
