import { type MessagePort, parentPort } from "node:worker_threads"
import { readBytes, readPart } from "@moco/native/PlainFile"
import type { Image } from "../ImageSource.ts"
import type { DecodeOptions } from "./options.ts"

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
  let decoder: typeof import("./decode.ts")
  try {
    // Its library is loaded with the first file: who trains on other images needs none.
    decoder = await import("./decode.ts")
    bytes = known ?? (part === undefined ? readBytes(path, maxBytes) : readPart(path, part, maxBytes))
  } catch (error) {
    return { problem: messageOf(error), isRead: false }
  }
  try {
    return { image: await decoder.decodeImage(bytes, options) }
  } catch (error) {
    return { problem: messageOf(error), isRead: true }
  }
}

/** The first line: a decoder's message may go on for pages. */
const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n")[0]!

/** What a thread is sent: a file to decode, or, without a job, one that nobody waits for any more. */
export interface Request {
  readonly ticket: number
  readonly job?: Job
}

/** What it answers for every file that somebody waits for. */
export interface Answer {
  readonly ticket: number
  readonly outcome: Outcome
}

/** On a thread of its own: one file after the other, in the order in which they were asked for. */
const serve = (port: MessagePort): void => {
  const waiting = new Map<number, Job>()
  let isBusy = false
  const goOn = async () => {
    isBusy = true
    for (let next = first(waiting); next !== undefined; next = first(waiting)) {
      const [ticket, job] = next
      waiting.delete(ticket)
      const outcome = await run(job)
      const moved = "image" in outcome ? [outcome.image.pixels_HWC.buffer as ArrayBuffer] : []
      port.postMessage({ ticket, outcome } satisfies Answer, moved)
    }
    isBusy = false
  }
  port.on("message", ({ job, ticket }: Request) => {
    if (job === undefined) waiting.delete(ticket)
    else waiting.set(ticket, job)
    if (!isBusy) void goOn()
  })
}

const first = <Key, Value>(entries: ReadonlyMap<Key, Value>): readonly [Key, Value] | undefined =>
  entries.entries().next().value

if (parentPort !== null) serve(parentPort)
