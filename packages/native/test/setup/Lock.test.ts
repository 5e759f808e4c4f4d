import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Deferred, Effect, Fiber } from "effect"
import { onTestFinished } from "vitest"
import * as Lock from "../../setup/Lock.ts"

const freshPath = () => {
  const dir = mkdtempSync(join(tmpdir(), "moco-lock-"))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return join(dir, "a.lock")
}

/** How long it takes to get a lock, in seconds, and who is named while it is held. */
const timeToHold = (path: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      const start = yield* Clock.currentTimeMillis
      yield* Lock.hold(path)
      return { seconds: ((yield* Clock.currentTimeMillis) - start) / 1000, text: readFileSync(path, "utf8") }
    })
  )

describe("The lock of a set-up", () => {
  it.live("names its owner, is held until the scope closes, and lets one in at a time", () =>
    Effect.gen(function* () {
      const path = freshPath()
      const isLeaving = yield* Deferred.make<void>()
      const first = yield* Effect.forkChild(
        Effect.scoped(Effect.andThen(Lock.hold(path), Deferred.await(isLeaving)))
      )
      while (!existsSync(path)) yield* Effect.sleep(10)
      assert.strictEqual(JSON.parse(readFileSync(path, "utf8")).pid, process.pid)
      const second = yield* Effect.forkChild(timeToHold(path))
      yield* Effect.sleep(1500)
      assert.isUndefined(second.pollUnsafe())
      // Its heart beats meanwhile.
      assert.isBelow((yield* Clock.currentTimeMillis) - statSync(path).mtimeMs, 1000)
      yield* Deferred.succeed(isLeaving, undefined)
      assert.isAbove((yield* Fiber.join(second)).seconds, 1.4)
      yield* Fiber.join(first)
      assert.isFalse(existsSync(path))
    })
  )

  it.live("of a process of this system that is gone is taken over at once", () =>
    Effect.gen(function* () {
      const path = freshPath()
      const own = yield* timeToHold(path)
      const { pid } = spawnSync(process.execPath, ["--version"])
      writeFileSync(path, JSON.stringify({ ...JSON.parse(own.text), pid }))
      const { seconds, text } = yield* timeToHold(path)
      assert.isBelow(seconds, 3)
      assert.strictEqual(JSON.parse(text).pid, process.pid)
    })
  )

  it.live(
    "of another system is taken over where its heart has not beaten for ten seconds, and not before",
    () =>
      Effect.gen(function* () {
        const path = freshPath()
        writeFileSync(path, JSON.stringify({ pid: 1, system: "another machine" }))
        const waiting = yield* Effect.forkChild(timeToHold(path))
        yield* Effect.sleep(4000)
        utimesSync(path, 1, 1)
        const { seconds } = yield* Fiber.join(waiting)
        assert.isAbove(seconds, 13.5)
      })
  )

  it.live("that cannot be made says which folder is in the way", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(timeToHold(join(freshPath(), "in", "a", "file")))
      assert.strictEqual(error._tag, "FileTrouble")
      assert.include(error.message, "a.lock/in/a/file")
    })
  )
})
