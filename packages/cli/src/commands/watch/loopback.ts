import { createServer } from "node:http"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Duration, Effect, Layer, Predicate } from "effect"
import { HttpServer } from "effect/http"
import { PortUnavailable } from "./PortUnavailable.ts"

/** How the server treats its connections. */
export interface LoopbackOptions {
  /** A connection is ended on which nothing gets through for so long, as where a browser no longer reads. */
  readonly silence?: Duration.Input
}

/** More than all browsers need that may look on. */
const maxConnections = 128

/**
 * An HTTP server that only this machine can reach, at a port of 127.0.0.1; 0 is any that is free. It ends all its
 * connections with its Scope, and waits for none of them.
 */
export const layerLoopback = (port: number, { silence = Duration.seconds(30) }: LoopbackOptions = {}) =>
  Layer.effect(
    HttpServer.HttpServer,
    Effect.gen(function* () {
      const server = createServer({ headersTimeout: 10_000, requestTimeout: 10_000 })
      server.maxConnections = maxConnections
      server.timeout = Duration.toMillis(silence)
      const made = yield* NodeHttpServer.make(() => server, {
        ...{ host: "127.0.0.1", port, exclusive: true },
        disablePreemptiveShutdown: true
      }).pipe(Effect.mapError(({ cause }) => new PortUnavailable({ port, reason: reasonOf(cause) })))
      // Released before what waits for connections to end.
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          server.close()
          server.closeAllConnections()
        })
      )
      return made
    })
  )

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program listens there, maybe another moco watch",
  EACCES: "this user may not"
}

const reasonOf = (cause: unknown): string => {
  const code = Predicate.hasProperty(cause, "code") ? String(cause.code) : ""
  return reasons[code] ?? (cause instanceof Error ? cause.message : String(cause))
}
