import { spawnSync } from "node:child_process"
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Deferred, Effect, Fiber } from "effect"
import { onTestFinished, vi } from "vitest"
import * as Lock from "../../setup/Lock.ts"

/** What happens to the file system under the lock. */
const node = vi.hoisted(() => ({ isFull: false, beforeLook: () => {} }))
vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>()
  return {
    ...fs,
    lstatSync: (...args: Parameters<typeof fs.lstatSync>) => {
      node.beforeLook()
      return fs.lstatSync(...args)
    },
    writeSync: (...args: Parameters<typeof fs.writeSync>) => {
      if (node.isFull) throw new Error("ENOSPC: no space left on device, write")
      return fs.writeSync(...args)
    }
  }
})

const freshPath = () => {
  const dir = mkdtempSync(join(tmpdir(), "moco-lock-"))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return join(dir, "a.lock")
}

/** Of a process that is gone. */
const endedPid = () => spawnSync(process.execPath, ["--version"]).pid

/** Puts another file under the name, as a process does that takes the lock over. */
const replaceBy = (path: string, owner: object) => {
  const text = JSON.stringify(owner)
  writeFileSync(`${path}.new`, text)
  renameSync(`${path}.new`, path)
  return text
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
      writeFileSync(path, JSON.stringify({ ...JSON.parse(own.text), pid: endedPid() }))
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
        // Here nobody has the id; there somebody may.
        writeFileSync(path, JSON.stringify({ pid: endedPid(), system: "another machine" }))
        const waiting = yield* Effect.forkChild(timeToHold(path))
        yield* Effect.sleep(4000)
        utimesSync(path, 1, 1)
        const { seconds } = yield* Fiber.join(waiting)
        assert.isAbove(seconds, 13.5)
      })
  )

  it.live("is left to whoever has taken it over, when its first owner leaves", () =>
    Effect.gen(function* () {
      const path = freshPath()
      const other = { pid: 1, system: "another machine" }
      const text = yield* Effect.scoped(Effect.map(Lock.hold(path), () => replaceBy(path, other)))
      assert.strictEqual(readFileSync(path, "utf8"), text)
    })
  )

  it.live("is not removed where another process has taken it over meanwhile", () =>
    Effect.gen(function* () {
      const path = freshPath()
      const own = JSON.parse((yield* timeToHold(path)).text)
      writeFileSync(path, JSON.stringify({ ...own, pid: endedPid() }))
      let text: string | undefined
      let looks = 0
      node.beforeLook = () => {
        // It has been looked at, and its owner is gone: now it is taken over.
        if (++looks === 2) text = replaceBy(path, own)
      }
      onTestFinished(() => {
        node.beforeLook = () => undefined
      })
      const waiting = yield* Effect.forkChild(timeToHold(path))
      yield* Effect.sleep(1000)
      assert.isDefined(text)
      assert.strictEqual(readFileSync(path, "utf8"), text)
      yield* Fiber.interrupt(waiting)
    })
  )

  it.live("does not stay where nobody could be named in it: the disk is full", () =>
    Effect.gen(function* () {
      const path = freshPath()
      const open = () => readdirSync("/proc/self/fd").length
      const before = open()
      node.isFull = true
      const error = yield* Effect.flip(timeToHold(path)).pipe(
        Effect.ensuring(
          Effect.sync(() => {
            node.isFull = false
          })
        )
      )
      assert.include(error.message, "no space left")
      assert.isFalse(existsSync(path))
      assert.strictEqual(open(), before)
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
