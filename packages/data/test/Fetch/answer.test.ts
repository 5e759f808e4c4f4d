import { assert, describe, it } from "@effect/vitest"
import { judge } from "@moco/data/Fetch/answer"
import { validatorOf } from "@moco/data/Fetch/Part"
import { Patience } from "@moco/data/Fetch/Patience"
import { get, redirected } from "@moco/data/Fetch/request"
import { Effect, Exit, Fiber } from "effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import { TestClock } from "effect/testing"
import fc from "fast-check"

const whole = { start: 0, numBytes: 1000 }
const rest = { start: 400, numBytes: 1000, etag: '"one"' }
const part = (range: string, headers = {}) => ({
  status: 206,
  headers: { "content-range": range, ...headers }
})

describe("The answer to a request for a part", () => {
  it("is taken where it is that part, to the end of a file of the right size", () => {
    for (const range of ["bytes 400-999/1000", "bytes 400-999/*"]) {
      assert.deepStrictEqual(judge(part(range), rest), { kind: "body", start: 400 })
      assert.deepStrictEqual(judge(part(range, { etag: '"one"' }), rest), { kind: "body", start: 400 })
    }
  })

  it("is never taken where it is any other part", () => {
    fc.assert(
      fc.property(fc.nat(1200), fc.nat(1200), fc.nat(1200), fc.boolean(), (start, end, size, isOfUnit) => {
        const range = `${isOfUnit ? "bytes" : "items"} ${start}-${end}/${size}`
        fc.pre(range !== "bytes 400-999/1000")
        assert.strictEqual(judge(part(range), rest).kind, "anew")
      })
    )
    for (const range of [
      "",
      "bytes */1000",
      "bytes 400-999",
      "bytes 0400-999/1000",
      " bytes 400-999/1000",
      "\u001b[2J"
    ]) {
      const answer = judge(part(range), rest)
      assert.strictEqual(answer.kind, "anew")
      assert.notInclude(JSON.stringify(answer), '\\u001b[2J"')
    }
  })

  it("is not taken where the file has another tag by now", () => {
    assert.strictEqual(judge(part("bytes 400-999/1000", { etag: '"two"' }), rest).kind, "anew")
  })

  it("may be the whole file, which is taken as that", () => {
    assert.deepStrictEqual(judge({ status: 200, headers: {} }, rest), { kind: "body", start: 0 })
  })
})

describe("The answer to a request for a file", () => {
  it("is taken where it has the published length, or does not say which", () => {
    for (const headers of [{}, { "content-length": "1000" }]) {
      assert.deepStrictEqual(judge({ status: 200, headers }, whole), { kind: "body", start: 0 })
    }
    for (const length of ["999", "1001", "1e3", "-1", "", "1000, 1000"]) {
      const answer = judge({ status: 200, headers: { "content-length": length } }, whole)
      assert.strictEqual(answer.kind, "setback", length)
    }
  })

  it("is asked for again where its status is one that passes, and no other", () => {
    for (let status = 203; status < 600; status++) {
      const answer = judge({ status, headers: {} }, whole)
      if (answer.kind !== "setback") return assert.fail(String(status))
      assert.strictEqual(
        answer.setback.isPassing,
        status >= 500 || [408, 425, 429].includes(status),
        String(status)
      )
    }
  })
})

describe("What tells whether a file is still the same", () => {
  it("is a strong tag, or else a time, as plain as it may stand in a header", () => {
    const of = (headers: Readonly<Record<string, string>>) => validatorOf({ status: 200, headers })
    assert.deepStrictEqual(of({ etag: '"a-1"', "last-modified": "Wed, 21 Oct 2015 07:28:00 GMT" }), {
      etag: '"a-1"'
    })
    assert.deepStrictEqual(of({ etag: 'W/"a"', "last-modified": "Wed, 21 Oct 2015 07:28:00 GMT" }), {
      modified: "Wed, 21 Oct 2015 07:28:00 GMT"
    })
    for (const etag of ["a", '"a', '"a\n"', `"${"a".repeat(201)}"`, '"a""'])
      assert.isUndefined(of({ etag }), etag)
    assert.isUndefined(of({ "last-modified": "a\r\nb" }))
  })
})

describe("A redirect", () => {
  const follow = (from: string, to: string | undefined) => Effect.runSyncExit(redirected(new URL(from), to))

  it("may lead elsewhere, by a whole address or a part of one", () => {
    for (const [from, to, at] of [
      ["https://a/b/c", "/d", "https://a/d"],
      ["https://a/b/c", "d?e", "https://a/b/d?e"],
      ["https://a/b", "https://c/d", "https://c/d"],
      ["https://a/b", "//c/d", "https://c/d"],
      ["http://a/b", "https://c/d", "https://c/d"],
      ["http://a/b", "http://c/d", "http://c/d"]
    ] as const) {
      assert.deepStrictEqual(follow(from, to), Exit.succeed(new URL(at)))
    }
  })

  it("never leads from an encrypted connection to one that is not, and to no other kind of address", () => {
    for (const [to, words] of [
      ["http://a/b", "a redirect to http://a/b, which is not encrypted"],
      ["HTTP://name:secret@a/b?token=secret", "a redirect to http://a/b, which is not encrypted"],
      ["file:///etc/passwd", "which is no web address"],
      ["data:text/plain,a", "which is no web address"],
      ["ftp://a/b", "which is no web address"],
      ["https://[\u001b[2J", "a redirect to https://[\\u001b[2J, which is no address"],
      [undefined, "leads nowhere"]
    ] as const) {
      const { isPassing, problem } = Effect.runSync(Effect.flip(redirected(new URL("https://a/b"), to)))
      assert.isFalse(isPassing)
      assert.include(problem, words)
      assert.notInclude(problem, "secret")
    }
  })
})

describe("A request", () => {
  /** A client that answers by what it is asked. */
  const client = (answer: (url: URL) => Response) =>
    HttpClient.make((request, url) => Effect.sync(() => HttpClientResponse.fromWeb(request, answer(url))))

  it.effect("follows redirects between encrypted addresses, and refuses one to another", () =>
    Effect.gen(function* () {
      const asked: Array<string> = []
      const answer = (url: URL) => {
        asked.push(url.href)
        if (url.pathname === "/safe") return new Response("here")
        const location = url.pathname === "/a" ? "https://b/safe" : "http://b/safe"
        return new Response(null, { status: 307, headers: { location } })
      }
      const getting = (address: string) =>
        Effect.provideService(get(address, {}), HttpClient.HttpClient, client(answer))
      assert.strictEqual((yield* getting("https://a/a")).status, 200)
      const { isPassing, problem } = yield* Effect.flip(getting("https://a/b"))
      assert.deepStrictEqual(
        [isPassing, problem],
        [false, "a redirect to http://b/safe, which is not encrypted"]
      )
      assert.deepStrictEqual(asked, ["https://a/a", "https://b/safe", "https://a/b"])
    })
  )

  it.effect("is given up after half a minute without an answer, and may be made again", () =>
    Effect.gen(function* () {
      const silent = HttpClient.make(() => Effect.never)
      const getting = Effect.provideService(get("https://a/b", {}), HttpClient.HttpClient, silent)
      const running = yield* Effect.forkChild(Effect.flip(Effect.scoped(getting)))
      yield* TestClock.adjust("29 seconds")
      assert.isUndefined(running.pollUnsafe())
      yield* TestClock.adjust("1 second")
      const { isPassing, problem } = yield* Fiber.join(running)
      assert.deepStrictEqual([isPassing, problem], [true, "no answer within 30s"])
      assert.deepStrictEqual(yield* Patience, {
        answer: "30 seconds",
        stall: "30 seconds",
        firstWait: "1 second",
        retries: 5
      })
    })
  )
})
