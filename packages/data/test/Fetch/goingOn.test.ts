import { writeFileSync } from "node:fs"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { refusal } from "../published/refusal.ts"
import { assertWhole, bytes, fetching, services } from "./fetching.ts"
import { type Answer, bytesOf, etag, sendFile, sendUpTo } from "./server.ts"

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
