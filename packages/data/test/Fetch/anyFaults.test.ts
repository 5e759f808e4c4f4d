import { existsSync, readFileSync } from "node:fs"
import { assert, describe, layer } from "@effect/vitest"
import { Property } from "@moco/core/testing"
import { Effect } from "effect"
import fc from "fast-check"
import { fetching, services } from "./fetching.ts"
import { bytesOf, etag, sendFile, sendUpTo, sha256 } from "./server.ts"

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
