import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, layer } from "@effect/vitest"
import { Property } from "@moco/core/testing"
import { download } from "@moco/data/Fetch/download"
import { Patience } from "@moco/data/Fetch/Patience"
import { Effect, Fiber, FileSystem, Layer } from "effect"
import * as PlatformError from "effect/PlatformError"
import fc from "fast-check"
import { placed } from "../published/archives.ts"
import { refusal } from "../published/refusal.ts"
import { type Answer, bytesOf, etag, heard, published, sendFile, sendUpTo, serve, sha256 } from "./server.ts"

const bytes = bytesOf(300_000)

const patience = { answer: "500 millis", stall: "300 millis", firstWait: "2 millis", retries: 3 } as const

/** Fetches a file from a server of this machine into an empty folder. */
const fetching = Effect.fnUntraced(function* (answer: Answer, expected: Uint8Array = bytes) {
  const { asked, origin } = yield* serve(answer)
  const dir = yield* placed({})
  const { events, kinds, observe } = heard()
  const file = published(expected, `${origin}/mine.tar.gz`)
  const run = Effect.provideService(download("mine", file, dir, observe), Patience, patience)
  return {
    asked,
    dir,
    events,
    kinds,
    run,
    origin,
    target: join(dir, file.name),
    names: () => readdirSync(dir).sort()
  }
})

const services = Layer.mergeAll(NodeServices.layer, NodeHttpClient.layerUndici)

/** The file under its name is the right one, and nothing is left beside it. */
const assertWhole = ({
  names,
  target
}: {
  readonly names: () => ReadonlyArray<string>
  readonly target: string
}) => {
  assert.strictEqual(sha256(readFileSync(target)), sha256(bytes))
  assert.deepStrictEqual(names(), ["mine.tar.gz"])
}

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

layer(services, { excludeTestServices: true })("What has come of a file", (it) => {
  /** A fetch of which the first bytes lie there already, as one that was cut has left them. */
  const continued = Effect.fnUntraced(function* (
    answer: Answer,
    numKept = 100_000,
    kept: Uint8Array = bytes
  ) {
    const fetched = yield* fetching((response, asked, number) => {
      if (number > 0 || numKept === 0) answer(response, asked, number)
      else sendUpTo(response, asked, kept, numKept)
    })
    return fetched
  })

  for (const [title, answer] of [
    ["sends the whole", (response, asked) => sendFile(response, { ...asked, range: undefined }, bytes)],
    [
      "sends another part",
      (response, asked) => {
        if (asked.range === undefined) return sendFile(response, asked, bytes)
        response
          .writeHead(206, { etag, "content-range": "bytes 99999-299999/300000" })
          .end(bytes.subarray(99_999))
      }
    ],
    [
      "sends a part and does not say which",
      (response, asked) => {
        if (asked.range === undefined) return sendFile(response, asked, bytes)
        response.writeHead(206, { etag }).end(bytes.subarray(100_000))
      }
    ],
    [
      "sends a part of a file of another size",
      (response, asked) => {
        if (asked.range === undefined) return sendFile(response, asked, bytes)
        response
          .writeHead(206, { etag, "content-range": "bytes 100000-299999/300001" })
          .end(bytes.subarray(100_000))
      }
    ],
    [
      "says that it has no such part",
      (response, asked) => {
        if (asked.range === undefined) return sendFile(response, asked, bytes)
        response.writeHead(416, { "content-range": "bytes */300000" }).end()
      }
    ],
    [
      "has another file now, and looks at the tag",
      (response, asked) => sendFile(response, asked, bytes, '"two"')
    ],
    [
      "has another file now, and does not look at the tag",
      (response, asked) => sendFile(response, { ...asked, ifRange: undefined }, bytes, '"two"')
    ]
  ] as ReadonlyArray<readonly [string, Answer]>) {
    it.effect(`is left where a server ${title}, and the file is fetched as a whole`, () =>
      Effect.gen(function* () {
        // The first bytes are of another file, so that nothing can come of them.
        const fetched = yield* continued(answer, 100_000, bytesOf(300_000, 3))
        yield* fetched.run
        assertWhole(fetched)
        assert.strictEqual(fetched.asked[1]?.range, "bytes=100000-")
      })
    )
  }

  it.effect("of another file under the same tag is found out at the end, and nothing is kept", () =>
    Effect.gen(function* () {
      const fetched = yield* continued(
        (response, asked) => sendFile(response, asked, bytes),
        100_000,
        bytesOf(300_000, 3)
      )
      assert.include(yield* refusal(fetched.run, "DatasetCorrupt"), "nothing of it was kept")
      assert.deepStrictEqual(fetched.names(), [])
      yield* fetched.run
      assertWhole(fetched)
    })
  )

  for (const [title, part, origin] of [
    ["is longer than the file", Buffer.alloc(300_001), undefined],
    ["is of another address", bytes.subarray(0, 1000), { address: "http://other/" }],
    ["is of a file of another size", bytes.subarray(0, 1000), { numBytes: 7 }],
    ["nobody knows the origin of", bytes.subarray(0, 1000), "none"],
    ["is told of in a way that is not understood", bytes.subarray(0, 1000), { format: 2 }],
    ["has a tag that would be two headers", bytes.subarray(0, 1000), { validator: { etag: '"a"\r\nx: y' } }]
  ] as const) {
    it.effect(`and ${title} is not gone on with`, () =>
      Effect.gen(function* () {
        const fetched = yield* fetching((response, asked) => sendFile(response, asked, bytes))
        writeFileSync(`${fetched.target}.part`, part)
        const right = {
          format: 1,
          address: `${fetched.origin}/mine.tar.gz`,
          numBytes: 300_000,
          validator: { etag }
        }
        if (origin !== "none")
          writeFileSync(`${fetched.target}.part.json`, JSON.stringify({ ...right, ...origin }))
        yield* fetched.run
        assertWhole(fetched)
        assert.isUndefined(fetched.asked[0]?.range)
      })
    )
  }

  it.effect("and is the whole file is checked, and nothing is asked for", () =>
    Effect.gen(function* () {
      const fetched = yield* fetching((response) => response.writeHead(404).end())
      writeFileSync(`${fetched.target}.part`, bytes)
      const origin = {
        format: 1,
        address: `${fetched.origin}/mine.tar.gz`,
        numBytes: 300_000,
        validator: { etag }
      }
      writeFileSync(`${fetched.target}.part.json`, JSON.stringify(origin))
      yield* fetched.run
      assertWhole(fetched)
      assert.deepStrictEqual(fetched.asked, [])
    })
  )
})

layer(services, { excludeTestServices: true })("The folder that is fetched into", (it) => {
  it.effect(
    "is asked for nothing where something else has the file's name, and nothing of that is changed",
    () =>
      Effect.gen(function* () {
        for (const name of ["mine.tar.gz", "mine.tar.gz.part", "mine.tar.gz.part.json"]) {
          for (const put of [
            (path: string) => mkdirSync(path),
            (path: string) => symlinkSync(join(path, "../mine"), path)
          ]) {
            const fetched = yield* fetching((response, asked) => sendFile(response, asked, bytes))
            writeFileSync(join(fetched.dir, "mine"), "mine")
            put(join(fetched.dir, name))
            const error = yield* Effect.flip(fetched.run)
            assert.strictEqual(error._tag, "PlatformError")
            assert.include(error.message, join(fetched.dir, name))
            assert.deepStrictEqual(fetched.asked, [])
            assert.strictEqual(readFileSync(join(fetched.dir, "mine"), "utf8"), "mine")
          }
        }
      })
  )

  it.effect("may have an old file of the name, which is there until the new one is whole", () =>
    Effect.gen(function* () {
      let isWell = false
      const fetched = yield* fetching((response, asked) =>
        isWell ? sendFile(response, asked, bytes) : response.writeHead(404).end()
      )
      writeFileSync(fetched.target, "old")
      yield* refusal(fetched.run, "FetchFailed")
      assert.strictEqual(readFileSync(fetched.target, "utf8"), "old")
      isWell = true
      yield* fetched.run
      assertWhole(fetched)
    })
  )

  it.effect("may be full, at any call: no file has the name then, and the next fetch succeeds", () =>
    Effect.gen(function* () {
      const real = yield* FileSystem.FileSystem
      let numFailed = 0
      for (let failAt = 0; ; failAt++) {
        const fetched = yield* fetching((response, asked) => sendFile(response, asked, bytes))
        const calls = { count: 0 }
        const exit = yield* Effect.exit(
          Effect.provideService(fetched.run, FileSystem.FileSystem, fullAt(real, calls, failAt))
        )
        if (calls.count <= failAt) break
        if (exit._tag === "Failure") {
          numFailed += 1
          assert.include(String(exit.cause), "no space left")
          assert.isFalse(existsSync(fetched.target) && sha256(readFileSync(fetched.target)) !== sha256(bytes))
        }
        yield* fetched.run
        assertWhole(fetched)
      }
      assert.isAbove(numFailed, 4)
    })
  )
})

/** A file system whose disk is full at one call that writes, and at no other. */
const fullAt = (
  real: FileSystem.FileSystem,
  calls: { count: number },
  failAt: number
): FileSystem.FileSystem => {
  const full = PlatformError.systemError({
    _tag: "Unknown",
    module: "FileSystem",
    method: "write",
    description: "no space left on device"
  })
  const guarded = <A, E, R>(
    call: Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | PlatformError.PlatformError, R> =>
    Effect.suspend(
      (): Effect.Effect<A, E | PlatformError.PlatformError, R> =>
        calls.count++ === failAt ? Effect.fail(full) : call
    )
  return FileSystem.make({
    ...real,
    rename: (from, to) => guarded(real.rename(from, to)),
    open: (path, options) =>
      (options?.flag ?? "r") === "r"
        ? real.open(path, options)
        : Effect.map(guarded(real.open(path, options)), (file) => ({
            ...file,
            get stat() {
              return file.stat
            },
            truncate: (length) => guarded(file.truncate(length)),
            writeAll: (buffer) => guarded(file.writeAll(buffer)),
            get sync() {
              return guarded(file.sync)
            }
          }))
  })
}

describe("A fetch from a server of any faults", () => {
  layer(services, { excludeTestServices: true })((it) => {
    /** What a server may do with a request, of a file or of another one of its size. */
    const fault = fc.record({
      kind: fc.constantFrom("whole", "cut", "status", "wrongPart", "noRange", "silentChange", "long"),
      at: fc.integer({ min: 0, max: 3000 }),
      status: fc.constantFrom(403, 404, 416, 500, 503)
    })
    const small = bytesOf(3000)

    it.effect("always gives the published file, or none under its name", () =>
      Property.check(
        fc.array(fault, { maxLength: 6 }),
        Effect.fnUntraced(function* (faults) {
          const fetched = yield* fetching((response, asked, number) => {
            const { at, kind, status } = faults[number] ?? { kind: "whole", at: 0, status: 200 }
            switch (kind) {
              case "whole":
                return sendFile(response, asked, small)
              case "cut":
                return sendUpTo(response, asked, small, at)
              case "status":
                return response.writeHead(status).end()
              case "wrongPart":
                return response
                  .writeHead(206, { etag, "content-range": `bytes ${at}-2999/3000` })
                  .end(small.subarray(at))
              case "noRange":
                return sendFile(response, { ...asked, range: undefined }, small)
              case "silentChange":
                return sendFile(response, asked, bytesOf(3000, 2))
              case "long":
                return response.writeHead(200, { etag }).end(bytesOf(3000 + at, 4))
            }
          }, small)
          const isRight = () => sha256(readFileSync(fetched.target)) === sha256(small)
          const exit = yield* Effect.exit(fetched.run)
          if (exit._tag === "Success") assert.isTrue(isRight())
          else assert.isFalse(existsSync(fetched.target))
          // Whatever was left, a server that is well again gives the file, after one that finds the mixture out.
          yield* fetched.run.pipe(Effect.retry({ times: 12 }))
          assert.isTrue(isRight())
          assert.deepStrictEqual(fetched.names(), ["mine.tar.gz"])
        }),
        { numRuns: 40 }
      )
    )
  })
})
