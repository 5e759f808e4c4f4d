import { Effect } from "effect"
import { NotMeasured } from "./Program.ts"

/**
 * Reads what is at an address to its end, which events have none of; fails where it is no page, or an empty one.
 *
 * @param received  is counted up by what comes
 */
export const readPage = (url: string, received = { bytes: 0 }) =>
  Effect.tryPromise({
    try: async (signal) => {
      const response = await fetch(url, { signal })
      if (response.status !== 200) throw new Error(`it answers with status ${response.status}`)
      for await (const part of response.body ?? []) received.bytes += part.length
      if (received.bytes === 0) throw new Error("it is empty")
    },
    catch: (cause) => new NotMeasured({ message: `${url} cannot be read: ${cause}` })
  })
