import { parentPort } from "node:worker_threads"
import { readBytes, readPart } from "@moco/native/PlainFile"
import type { Image } from "../ImageSource.ts"
import { type DecodeOptions, decodeImage } from "./decode.ts"

/** An image that is to be decoded. */
export interface Job extends DecodeOptions {
  readonly path: string
  readonly maxBytes: number
  /** Where in the file it is, from its first byte to the one behind its last; without it the file is the image. */
  readonly part?: { readonly start: number; readonly end: number }
  /** What was read already; in memory of its own. */
  readonly bytes?: Uint8Array<ArrayBuffer>
}

/** What came of it. */
export type Outcome =
  | { readonly image: Image }
  /** `isRead` tells a file that was read and is no image from one that could not be read. */
  | { readonly problem: string; readonly isRead: boolean }

/** Reads and decodes; never fails. */
export const run = async ({ bytes: known, maxBytes, part, path, ...options }: Job): Promise<Outcome> => {
  let bytes: Uint8Array
  try {
    bytes = known ?? (part === undefined ? readBytes(path, maxBytes) : readPart(path, part, maxBytes))
  } catch (error) {
    return { problem: messageOf(error), isRead: false }
  }
  try {
    return { image: await decodeImage(bytes, options) }
  } catch (error) {
    return { problem: messageOf(error), isRead: true }
  }
}

/** The first line: a decoder's message may go on for pages. */
const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n")[0]!

// On a thread of its own: one job after another, each answered before the next is sent.
parentPort?.on("message", async (job: Job) => {
  const outcome = await run(job)
  const moved = "image" in outcome ? [outcome.image.pixels_HWC.buffer as ArrayBuffer] : []
  parentPort!.postMessage(outcome, moved)
})
