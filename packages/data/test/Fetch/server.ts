import { createHash } from "node:crypto"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import type { Download } from "@moco/data/Catalog/CatalogEntry"
import type { FetchEvent, Observe } from "@moco/data/Fetch"
import { Effect } from "effect"

/** A request that has come. */
export interface Asked {
  readonly path: string
  readonly range: string | undefined
  readonly ifRange: string | undefined
  readonly headers: IncomingMessage["headers"]
}

/** What a server does with its `number`th request, counted from 0. */
export type Answer = (response: ServerResponse, asked: Asked, number: number) => void

/** A server on this machine, closed with the Scope together with what is connected to it. */
export const serve = (answer: Answer) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<{ readonly close: () => void; readonly origin: string; readonly asked: Array<Asked> }>(
        (resume) => {
          const asked: Array<Asked> = []
          const server = createServer((request, response) => {
            const { headers, url = "" } = request
            const one = { path: url, range: headers.range, ifRange: headers["if-range"], headers } as Asked
            asked.push(one)
            answer(response, one, asked.length - 1)
          })
          const close = () => {
            server.closeAllConnections()
            server.close()
          }
          server.listen(0, "127.0.0.1", () => {
            const { port } = server.address() as AddressInfo
            resume(Effect.succeed({ close, origin: `http://127.0.0.1:${port}`, asked }))
          })
        }
      ),
      ({ close }) => Effect.sync(close)
    ),
    ({ asked, origin }) => ({ asked, origin })
  )

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")

/** A published file of these bytes at these addresses. */
export const published = (bytes: Uint8Array, ...addresses: ReadonlyArray<string>): Download => ({
  name: "mine.tar.gz",
  numBytes: bytes.length,
  digest: { algorithm: "SHA-256", hex: sha256(bytes) },
  addresses: addresses as [string, ...Array<string>]
})

/** Bytes of which no part is like another. */
export const bytesOf = (numBytes: number, seed = 1): Uint8Array => {
  let state = seed
  return Uint8Array.from({ length: numBytes }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state >>> 24
  })
}

export const etag = '"one"'

/** Sends a file, or the part of it that is asked for, as servers do that know how. */
export const sendFile = (
  response: ServerResponse,
  { ifRange, range }: Asked,
  bytes: Uint8Array,
  tag = etag
) => {
  const start =
    range === undefined || (ifRange !== undefined && ifRange !== tag) ? 0 : Number(/\d+/.exec(range)?.[0])
  const headers = { etag: tag, "content-length": bytes.length - start }
  if (start === 0) response.writeHead(200, headers)
  else
    response.writeHead(206, {
      ...headers,
      "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}`
    })
  response.end(bytes.subarray(start))
}

/** Sends the bytes up to `end` of a file, and cuts the connection. */
export const sendUpTo = (
  response: ServerResponse,
  { range }: Asked,
  bytes: Uint8Array,
  end: number,
  tag = etag
) => {
  const start = range === undefined ? 0 : Number(/\d+/.exec(range)?.[0])
  const headers = { etag: tag, "content-length": bytes.length - start }
  if (start === 0) response.writeHead(200, headers)
  else
    response.writeHead(206, {
      ...headers,
      "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}`
    })
  response.write(bytes.subarray(start, Math.max(start, end)), () => setTimeout(() => response.destroy(), 20))
}

/** Keeps what it is told. */
export const heard = () => {
  const events: Array<FetchEvent> = []
  const observe: Observe = (event) => Effect.sync(() => void events.push(event))
  return {
    events,
    observe,
    kinds: () => events.map(({ kind }) => kind).filter((kind) => !["received", "checked"].includes(kind))
  }
}
