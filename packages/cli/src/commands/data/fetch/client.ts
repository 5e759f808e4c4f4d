import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Effect, Layer } from "effect"
import { proxiesIn, refuseProxies } from "./proxies.ts"

/**
 * The client that files are fetched by. It goes through a proxy where the environment names one, keeps bodies as they are
 * sent (a `.gz` stays one), and follows no redirect by itself.
 */
export const layerClient = (environment: Readonly<Record<string, string | undefined>>) =>
  Layer.provide(NodeHttpClient.layerUndiciNoDispatcher, layerDispatcher(environment))

const layerDispatcher = (environment: Readonly<Record<string, string | undefined>>) =>
  Layer.effect(
    NodeHttpClient.Dispatcher,
    Effect.gen(function* () {
      yield* refuseProxies(environment)
      const { EnvHttpProxyAgent } = yield* Effect.promise(() => import("@effect/platform-node/Undici"))
      return yield* Effect.acquireRelease(
        Effect.sync(() => new EnvHttpProxyAgent(proxiesIn(environment))),
        (dispatcher) => Effect.promise(() => dispatcher.destroy())
      )
    })
  )
