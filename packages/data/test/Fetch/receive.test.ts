import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import { receive } from "@moco/data/Fetch/receive"
import { Duration, Effect, Fiber } from "effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import { TestClock } from "effect/testing"
import { placed } from "../published/archives.ts"
import { heard, published } from "./server.ts"

layer(NodeServices.layer)("A server that is overloaded", (it) => {
  it.effect("is asked six times, after waits that double from a second, by the clock of the program", () =>
    Effect.gen(function* () {
      let numAsked = 0
      const client = HttpClient.make((request) =>
        Effect.sync(() => {
          numAsked += 1
          return HttpClientResponse.fromWeb(request, new Response(null, { status: 503 }))
        })
      )
      const { events, observe } = heard()
      const file = published(Uint8Array.of(1, 2, 3), "https://a/mine.tar.gz")
      const dir = yield* placed({})
      const receiving = receive(`${dir}/mine.tar.gz`, "https://a/mine.tar.gz", file, observe)
      const running = yield* Effect.forkChild(
        Effect.flip(Effect.provideService(receiving, HttpClient.HttpClient, client))
      )
      for (const [seconds, asked] of [
        [0, 1],
        [1, 2],
        [2, 3],
        [4, 4],
        [8, 5],
        [16, 6],
        [3600, 6]
      ] as const) {
        yield* settle
        yield* TestClock.adjust(Duration.seconds(seconds))
        yield* settle
        assert.strictEqual(numAsked, asked, `after a wait of ${seconds} s`)
      }
      const error = yield* Fiber.join(running)
      assert.deepInclude(error, {
        _tag: "Setback",
        problem: "the server answers 503: it is overloaded, or being worked at"
      })
      const waits = events.map((event) =>
        event.kind === "again" ? Duration.toSeconds(event.wait) : event.kind
      )
      assert.deepStrictEqual(waits, [1, 2, 4, 8, 16])
    })
  )
})

/** Lets calls of the file system come back, which no test clock moves. */
const settle = Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 60)))
