import type { ImageFunctions } from "@moco/native/ImageFunctions"
import type { Decoders, Waiting } from "./Decoders.ts"

/**
 * The addon's threads: they decode the JPEG files of the usual kinds, and leave all others to `others`.
 *
 * @returns nothing where the system has no thread to give
 */
export const startNative = (
  native: ImageFunctions,
  count: number,
  others: Decoders
): Decoders | undefined => {
  const waitingOf = new Map<number, Waiting>()
  const ticketOf = new Map<Waiting, number>()
  let numAsked = 0

  /** Whoever waited for a ticket; the process stays as long as there is somebody. */
  const taken = (ticket: number): Waiting | undefined => {
    const waiting = waitingOf.get(ticket)
    if (waiting === undefined) return undefined
    waitingOf.delete(ticket)
    ticketOf.delete(waiting)
    if (waitingOf.size === 0) native.awaitDecoding(threads!, false)
    return waiting
  }

  const threads = native.startDecoding(count, (ticket, height = 0, width = 0, pixels) => {
    const waiting = taken(ticket)
    if (waiting === undefined) return
    if (pixels === undefined) others.ask(waiting)
    else waiting.done({ image: { height, width, pixels_HWC: new Uint8Array(pixels) } })
  })
  if (threads === undefined) return undefined

  return {
    ask: (waiting) => {
      const { bytes, maxBytes, maxPixels, part, path, shorterSide } = waiting.job
      // What was read already, and what is not named like a JPEG, would only be handed back.
      if (bytes !== undefined || (part === undefined && !isNamedLikeJpeg(path))) {
        others.ask(waiting)
        return
      }
      const ticket = numAsked++
      if (waitingOf.size === 0) native.awaitDecoding(threads, true)
      waitingOf.set(ticket, waiting)
      ticketOf.set(waiting, ticket)
      native.decode(
        threads,
        ticket,
        path,
        part?.start ?? 0,
        part?.end ?? -1,
        maxBytes,
        maxPixels,
        shorterSide
      )
    },
    forget: (waiting) => {
      const ticket = ticketOf.get(waiting)
      if (ticket === undefined) {
        others.forget(waiting)
        return
      }
      native.forgetDecoding(threads, ticket)
      taken(ticket)
    },
    end: async () => {
      native.endDecoding(threads)
      await others.end()
    }
  }
}

const isNamedLikeJpeg = (path: string) => /\.(?:jpe?g|jpe|jfif)$/i.test(path)
