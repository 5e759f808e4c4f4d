import { statSync } from "node:fs"
import { join } from "node:path"
import { assert, layer } from "@effect/vitest"
import { download } from "@moco/data/Fetch/download"
import { Effect } from "effect"
import { placed } from "../published/archives.ts"
import { refusal } from "../published/refusal.ts"
import { assertWhole, bytes, fetching, services } from "./fetching.ts"
import { type Answer, bytesOf, etag, heard, published, sendFile, serve, sha256 } from "./server.ts"

layer(services, { excludeTestServices: true })("A server that does not give the file", (it) => {
  const other = bytesOf(300_000, 2)
  const isRedirect =
    (to: string | undefined): Answer =>
    (response, { path }) =>
      void response.writeHead(302, to === undefined ? {} : { location: to === "+" ? `${path}+` : to }).end()

  /** Faults after which nothing is kept, by what is told of them; how often the server is asked. */
  const lasting: ReadonlyArray<readonly [title: string, words: string, numAsked: number, answer: Answer]> = [
    [
      "has no such file",
      "the server answers 404: there is no such file",
      1,
      (response) => response.writeHead(404).end()
    ],
    ["asks for a password", "401: it asks for a password", 1, (response) => response.writeHead(401).end()],
    ["answers in a way of its own", "the server answers 299", 1, (response) => response.writeHead(299).end()],
    [
      "is always overloaded",
      "503: it is overloaded, or being worked at",
      4,
      (response) => response.writeHead(503).end()
    ],
    [
      "sends a part unasked",
      "a part was sent, and the whole was asked for",
      1,
      (response) => response.writeHead(206).end()
    ],
    [
      "has no such part of the whole",
      "has no such part (416)",
      1,
      (response) => response.writeHead(416).end()
    ],
    ["redirects in a circle", "more than 5 redirects", 6, isRedirect("/a")],
    ["redirects for ever", "more than 5 redirects", 6, isRedirect("+")],
    ["redirects to nowhere", "a redirect that leads nowhere", 1, isRedirect(undefined)],
    ["redirects to no address", "a redirect to http://[, which is no address", 1, isRedirect("http://[")],
    [
      "redirects to a file",
      "a redirect to file:///etc/passwd, which is no web address",
      1,
      isRedirect("file:///etc/passwd")
    ],
    [
      "announces less",
      "announces 299999 bytes, and the published file has 300000",
      1,
      (response) => response.writeHead(200, { "content-length": 299_999 }).end(bytes.subarray(1))
    ],
    [
      "announces more",
      "announces 300001 bytes, and the published file has 300000",
      1,
      (response) =>
        response.writeHead(200, { "content-length": 300_001 }).end(Buffer.concat([bytes, Buffer.of(0)]))
    ],
    [
      "sends more than it has said",
      "the server sends more than the 300000 bytes of the published file",
      1,
      (response) => {
        response.writeHead(200, { etag })
        response.write(bytes)
        const more = setInterval(() => response.write(bytes), 5)
        response.on("close", () => clearInterval(more))
      }
    ],
    ["never answers", "no answer within 500ms", 4, () => {}],
    [
      "sends nothing",
      "the connection ended after 0 of 300000 bytes",
      4,
      (response) => response.writeHead(200, { etag }).end()
    ]
  ]
  for (const [title, words, numAsked, answer] of lasting) {
    it.effect(`because it ${title} is told so, and nothing is kept`, () =>
      Effect.gen(function* () {
        const fetched = yield* fetching(answer)
        const message = yield* refusal(fetched.run, "FetchFailed")
        assert.include(message, `mine: mine.tar.gz cannot be fetched\n  ${fetched.origin}/mine.tar.gz: `)
        assert.include(message, words)
        assert.include(message, "npx moco data fetch mine --from=DIR")
        assert.lengthOf(fetched.asked, numAsked)
        const kept = fetched.names().filter((name) => statSync(join(fetched.dir, name)).size > 0)
        assert.notInclude(kept, "mine.tar.gz")
        assert.notInclude(kept, "mine.tar.gz.part")
      })
    )
  }

  it.effect("but another file is told by both hashes, and nothing is kept", () =>
    Effect.gen(function* () {
      const fetched = yield* fetching((response, asked) => sendFile(response, asked, other))
      const message = yield* refusal(fetched.run, "DatasetCorrupt")
      assert.include(
        message,
        `${fetched.origin}/mine.tar.gz is damaged: its SHA-256 should be ${sha256(bytes)}, it is ${sha256(other)}`
      )
      assert.include(message, "nothing of it was kept")
      assert.deepStrictEqual(fetched.names(), [])
    })
  )

  it.effect("at any of its addresses is told with what was wrong at each", () =>
    Effect.gen(function* () {
      const { origin } = yield* serve((response, one) => {
        if (one.path === "/other") return sendFile(response, one, other)
        response.writeHead(404).end("none")
      })
      const file = published(bytes, `${origin}/other`, `${origin}/none`)
      const message = yield* refusal(
        download("mine", file, yield* placed({}), heard().observe),
        "FetchFailed"
      )
      assert.include(message, `/other: another file than the published one (${sha256(other)})`)
      assert.include(message, "/none: ")
      assert.include(message, "404")
    })
  )

  it.effect("for a moment is asked again", () =>
    Effect.gen(function* () {
      for (const status of [500, 502, 503, 504, 429, 408]) {
        const fetched = yield* fetching((response, asked, number) =>
          number === 0 ? response.writeHead(status).end() : sendFile(response, asked, bytes)
        )
        yield* fetched.run
        assertWhole(fetched)
        assert.deepStrictEqual(fetched.kinds(), ["again", "begun", "kept"])
      }
    })
  )

  it.effect("and sends nothing more of it is left, and what has come is kept", () =>
    Effect.gen(function* () {
      const fetched = yield* fetching((response, { range }) => {
        const start = range === undefined ? 0 : 1000
        const part = { "content-range": `bytes 1000-299999/300000` }
        response.writeHead(start === 0 ? 200 : 206, start === 0 ? { etag } : part)
        if (start === 0) response.write(bytes.subarray(0, 1000))
        else response.flushHeaders()
      })
      const message = yield* refusal(fetched.run, "FetchFailed")
      assert.include(message, "nothing has come for 300ms")
      assert.include(message, "behind the 1000 of 300000 bytes")
    })
  )

  it.effect("because nobody listens is told so at once", () =>
    Effect.gen(function* () {
      const dir = yield* placed({})
      const { kinds, observe } = heard()
      const message = yield* refusal(
        download("mine", published(bytes, "http://127.0.0.1:9/mine.tar.gz"), dir, observe),
        "FetchFailed"
      )
      assert.include(message, "http://127.0.0.1:9/mine.tar.gz: the connection is refused")
      assert.deepStrictEqual(kinds(), [])
    })
  )
})
