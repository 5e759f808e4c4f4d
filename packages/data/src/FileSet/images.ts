import { Effect } from "effect"
import { ImageUndecodable } from "../Decode/errors.ts"
import { decodeOnThreads } from "../Decode/threads.ts"
import type { Job } from "../Decode/worker.ts"

/** A photograph of a large camera has some ten million. */
export const maxImageBytes = 2 ** 28

/** Decodes images that lie in files of many, on threads that end with the Scope; `file` is what an error says. */
export const decodeFilePart = Effect.map(
  decodeOnThreads,
  (decode) => (job: Omit<Job, "maxBytes">, file: string) =>
    Effect.mapError(
      decode({ ...job, maxBytes: maxImageBytes }),
      ({ isRead, problem }) => new ImageUndecodable({ file, problem, isRead })
    )
)
