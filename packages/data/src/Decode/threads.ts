import { availableParallelism } from "node:os"
import { loadedLibrary } from "@moco/native/NativeLibrary"
import { Context, Effect } from "effect"
import type { Image } from "../ImageSource.ts"
import type { Decoders, Waiting } from "./Decoders.ts"
import { ImageUndecodable } from "./errors.ts"
import { startNative } from "./native.ts"
import { Workers } from "./Workers.ts"
import type { Job } from "./worker.ts"

/** Decodes a file. Interruption returns at once; a file that is being decoded is not waited for. */
export type Decode = (job: Job) => Effect.Effect<Image, ImageUndecodable>

/** How many threads decode the images of a collection; with 0 they are decoded by whoever reads them. */
export const DecodeThreads = Context.Reference<number>("@moco/data/DecodeThreads", {
  defaultValue: availableParallelism
})

const decodersOf = (count: number): Decoders => {
  const workers = new Workers(count)
  const library = count === 0 ? undefined : loadedLibrary()
  return (library && startNative(library.images, count, workers)) ?? workers
}

/**
 * Decodes image files on {@link DecodeThreads} of their own, until the Scope closes. They are given whatever is asked for at
 * once: a step of training is one long call, in which this thread could give them nothing. How much that is, is for
 * whoever asks.
 *
 * JPEG files of the usual kinds are decoded by the project's addon, where it has been loaded, and all others by threads of
 * Node; the pixels are the same. A thread needs memory and descriptors. Where the system has none to give, files are
 * decoded on this one.
 */
export const decodeOnThreads = Effect.map(
  Effect.acquireRelease(Effect.map(DecodeThreads, decodersOf), (decoders) =>
    Effect.promise(() => decoders.end())
  ),
  (decoders): Decode =>
    (job) =>
      Effect.callback<Image, ImageUndecodable>((resume) => {
        const waiting: Waiting = {
          job,
          done: (outcome) =>
            resume(
              "image" in outcome
                ? Effect.succeed(outcome.image)
                : Effect.fail(new ImageUndecodable({ file: job.path, ...outcome }))
            )
        }
        decoders.ask(waiting)
        return Effect.sync(() => decoders.forget(waiting))
      })
)
