import { writeFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { DecodeThreads, decodeOnThreads } from "@moco/data/Decode/threads"
import { Effect, Fiber, FileSystem } from "effect"
import sharp from "sharp"

const decoding = { background: [255, 255, 255], maxPixels: 1e6, shorterSide: 0, maxBytes: 1e6 } as const

const onThreads = (count: number) => Effect.provideService(decodeOnThreads, DecodeThreads, count)

/** PNG files of one gray each, `numbers` of them, in a folder that is there until the test ends. */
const grays = (numbers: number) =>
  Effect.gen(function* () {
    const folder = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
    return yield* Effect.forEach(
      Array.from({ length: numbers }, (_, gray) => gray),
      (gray) =>
        Effect.promise(async () => {
          const path = join(folder, `${gray}.png`)
          const background = { r: gray, g: gray, b: gray }
          writeFileSync(
            path,
            await sharp({ create: { width: 3, height: 2, channels: 3, background } })
              .png()
              .toBuffer()
          )
          return path
        })
    )
  })

describe("decoding on threads", () => {
  it.effect("gives every file's own image, however many are asked for at once", () =>
    Effect.gen(function* () {
      let numStarted = 0
      const count = () => {
        numStarted += 1
      }
      process.on("worker", count)
      yield* Effect.addFinalizer(() => Effect.sync(() => process.off("worker", count)))
      const decode = yield* onThreads(2)
      const files = yield* grays(40)
      const images = yield* Effect.forEach(files, (path) => decode({ ...decoding, path }), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(
        images.map(({ height, pixels_HWC, width }) => [height, width, ...new Set(pixels_HWC)]),
        files.map((_, gray) => [2, 3, gray])
      )
      // A thread that cannot give back what it has decoded is replaced by the next one.
      assert.strictEqual(numStarted, 2)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.effect("tells what is wrong with a file, and goes on with the next one", () =>
    Effect.gen(function* () {
      const decode = yield* onThreads(1)
      const [good = ""] = yield* grays(1)
      writeFileSync(`${good}.txt`, "hello")
      const missing = yield* Effect.flip(decode({ ...decoding, path: `${good}.gone` }))
      assert.isFalse(missing.isRead)
      assert.include(missing.message, `${good}.gone cannot be read: ENOENT`)
      const text = yield* Effect.flip(decode({ ...decoding, path: `${good}.txt` }))
      assert.isTrue(text.isRead)
      assert.include(text.message, "is no image that can be decoded: it is no JPEG")
      const large = yield* Effect.flip(decode({ ...decoding, path: good, maxBytes: 10 }))
      assert.include(large.message, "10 are read at most")
      assert.strictEqual((yield* decode({ ...decoding, path: good })).height, 2)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.effect("leaves a file that nobody waits for any more, and decodes those behind it", () =>
    Effect.gen(function* () {
      const decode = yield* onThreads(1)
      const [first = "", second = "", third = ""] = yield* grays(3)
      const one = yield* Effect.forkChild(decode({ ...decoding, path: first }), { startImmediately: true })
      const two = yield* Effect.forkChild(decode({ ...decoding, path: second }), { startImmediately: true })
      const three = yield* Effect.forkChild(decode({ ...decoding, path: third }), { startImmediately: true })
      yield* Fiber.interrupt(one)
      yield* Fiber.interrupt(two)
      assert.strictEqual((yield* Fiber.join(three)).pixels_HWC[0], 2)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
