import { readFileSync, statSync } from "node:fs"
import { assert, layer } from "@effect/vitest"
import { download } from "@moco/data/Fetch/download"
import { Effect, Fiber } from "effect"
import { placed } from "../published/archives.ts"
import { refusal } from "../published/refusal.ts"
import { assertWhole, bytes, fetching, services } from "./fetching.ts"
import { bytesOf, etag, heard, published, sendFile, sendUpTo, serve, sha256 } from "./server.ts"

layer(services, { excludeTestServices: true })("A file that is fetched", (it) => {
  it.effect("is kept under its name when it is whole and the published one, and nothing beside it", () =>
    Effect.gen(function* () {
      const fetched = yield* fetching((response, asked) => sendFile(response, asked, bytes))
      assert.strictEqual(yield* fetched.run, fetched.target)
      assertWhole(fetched)
      assert.deepStrictEqual(fetched.kinds(), ["begun", "kept"])
      assert.deepInclude(
        fetched.events.findLast(({ kind }) => kind === "received"),
        { done: 300_000, total: 300_000 }
      )
      const [{ headers, range } = assert.fail(), ...others] = fetched.asked
      assert.deepStrictEqual([range, others], [undefined, []])
      assert.strictEqual(headers["accept-encoding"], "identity")
      assert.notProperty(headers, "traceparent")
    })
  )

  it.effect("goes on behind what has come when a connection is cut, with the same file and no other", () =>
    Effect.gen(function* () {
      const fetched = yield* fetching((response, asked, number) =>
        number === 0 ? sendUpTo(response, asked, bytes, 100_000) : sendFile(response, asked, bytes)
      )
      yield* fetched.run
      assertWhole(fetched)
      assert.deepStrictEqual(fetched.kinds(), ["begun", "again", "begun", "kept"])
      assert.deepInclude(fetched.asked[1], { range: "bytes=100000-", ifRange: etag })
    })
  )

  it.effect("is gone on with by the next fetch where this one has failed, and what has come is told", () =>
    Effect.gen(function* () {
      let isWell = false
      const fetched = yield* fetching((response, asked) =>
        isWell ? sendFile(response, asked, bytes) : sendUpTo(response, asked, bytes, 120_000)
      )
      const message = yield* refusal(fetched.run, "FetchFailed")
      assert.include(
        message,
        `${fetched.origin}/mine.tar.gz: the connection ended after 120000 of 300000 bytes`
      )
      assert.include(message, "goes on behind the 120000 of 300000 bytes that have come")
      assert.include(message, "npx moco data fetch mine --from=")
      assert.lengthOf(fetched.asked, 4)
      assert.deepStrictEqual(fetched.names(), ["mine.tar.gz.part", "mine.tar.gz.part.json"])
      isWell = true
      yield* fetched.run
      assertWhole(fetched)
      assert.strictEqual(fetched.asked.at(-1)?.range, "bytes=120000-")
    })
  )

  it.effect("is gone on with after an interruption", () =>
    Effect.gen(function* () {
      let isWell = false
      const fetched = yield* fetching((response, asked) => {
        if (isWell) return sendFile(response, asked, bytes)
        response.writeHead(200, { etag, "content-length": bytes.length }).write(bytes.subarray(0, 50_000))
      })
      const running = yield* Effect.forkChild(fetched.run)
      const numKept = () => statSync(`${fetched.target}.part`, { throwIfNoEntry: false })?.size
      while (numKept() !== 50_000) yield* Effect.sleep("5 millis")
      yield* Fiber.interrupt(running)
      assert.deepStrictEqual(fetched.names(), ["mine.tar.gz.part", "mine.tar.gz.part.json"])
      isWell = true
      yield* fetched.run
      assertWhole(fetched)
      assert.strictEqual(fetched.asked.at(-1)?.range, "bytes=50000-")
    })
  )

  it.effect("is asked for as long as something comes, however often the connection is cut", () =>
    Effect.gen(function* () {
      const long = bytesOf(12 * 2 ** 20)
      const fetched = yield* fetching((response, asked, number) => {
        sendUpTo(response, asked, long, Math.ceil(((number + 1) * long.length) / 10))
      }, long)
      yield* fetched.run
      assert.strictEqual(sha256(readFileSync(fetched.target)), sha256(long))
      assert.lengthOf(fetched.asked, 10)
    })
  )

  it.effect("is begun anew where nothing says that what has come is of the same file", () =>
    Effect.gen(function* () {
      for (const headers of [{}, { etag: 'W/"one"' }, { etag: '"a\u00e9"' }, { "last-modified": "\t()" }]) {
        const fetched = yield* fetching((response, asked, number) => {
          if (number > 0) return sendFile(response, asked, bytes)
          response.writeHead(200, { ...headers, "content-length": bytes.length })
          response.write(bytes.subarray(0, 1000), () => setTimeout(() => response.destroy(), 20))
        })
        yield* fetched.run
        assertWhole(fetched)
        assert.isUndefined(fetched.asked[1]?.range, JSON.stringify(headers))
      }
    })
  )

  it.effect("is known again by when it was changed, where a server gives no tag", () =>
    Effect.gen(function* () {
      const modified = "Wed, 21 Oct 2015 07:28:00 GMT"
      const fetched = yield* fetching((response, asked, number) => {
        if (number > 0) return sendFile(response, asked, bytes, modified)
        response.writeHead(200, { "last-modified": modified, "content-length": bytes.length })
        response.write(bytes.subarray(0, 1000), () => setTimeout(() => response.destroy(), 20))
      })
      yield* fetched.run
      assertWhole(fetched)
      assert.deepInclude(fetched.asked[1], { range: "bytes=1000-", ifRange: modified })
    })
  )

  it.effect("is had from the next address where one does not have it, and of which that is told", () =>
    Effect.gen(function* () {
      const { asked, origin } = yield* serve((response, one) => {
        if (one.path === "/right") return sendFile(response, one, bytes)
        if (one.path === "/other") return sendFile(response, one, bytesOf(300_000, 2))
        response.writeHead(404).end("none")
      })
      const dir = yield* placed({})
      const { kinds, observe } = heard()
      const file = published(bytes, `${origin}/none`, `${origin}/other`, `${origin}/right`, `${origin}/never`)
      const path = yield* download("mine", file, dir, observe)
      assert.strictEqual(sha256(readFileSync(path)), sha256(bytes))
      assert.deepStrictEqual(
        asked.map((one) => one.path),
        ["/none", "/other", "/right"]
      )
      assert.deepStrictEqual(kinds(), ["elsewhere", "begun", "elsewhere", "begun", "kept"])
    })
  )
})
