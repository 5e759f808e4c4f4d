import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync
} from "node:fs"
import { hostname, tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as FolderLock from "@moco/train/FolderLock"
import { self } from "@moco/train/ProcessIdentity"
import { Effect, Schedule } from "effect"
import { onTestFinished } from "vitest"

const holder = join(import.meta.dirname, "lockHolder.ts")

/** Whether another user, and another PID namespace, can be had: root may have both. */
const isRoot = process.getuid?.() === 0

/** A folder of a run, for the test that is running; anybody may write into it. */
const freshFolder = () => {
  const parent = mkdtempSync(join(tmpdir(), "moco-lock-"))
  chmodSync(parent, 0o777)
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }))
  const folder = join(parent, "run")
  mkdirSync(folder)
  chmodSync(folder, 0o777)
  return folder
}

const until = async (isSo: () => boolean) => {
  for (let tries = 0; tries < 1200 && !isSo(); tries++)
    await new Promise((resolve) => setTimeout(resolve, 25))
  assert.isTrue(isSo(), "what was waited for did not happen within half a minute")
}

/** Starts a process that takes the lock in `folder`, by way of the program `before` it where one is given. */
const take = (folder: string, mode: string, before: ReadonlyArray<string> = []) => {
  const [program, ...args] = [...before, process.execPath, holder, join(folder, "run.lock"), mode]
  const child = spawn(program!, args, { stdio: ["ignore", "pipe", "inherit"] })
  let said = ""
  child.stdout.on("data", (data) => (said += data))
  onTestFinished(() => void child.kill("SIGKILL"))
  const ended = new Promise<string>((resolve) => child.on("close", () => resolve(said)))
  return { child, ended, said: () => said }
}

/** Starts a process and waits until it holds the lock; gives its id as it sees it itself. */
const holding = async (folder: string, mode: string, before: ReadonlyArray<string> = []) => {
  const taken = take(folder, mode, before)
  await until(() => taken.said().includes("held"))
  return { ...taken, pid: Number(/held (\d+)/.exec(taken.said())?.[1]) }
}

const long = "600000"
const otherNamespace = ["unshare", "--pid", "--fork", "--kill-child"]
const otherUser = ["setpriv", "--reuid=1234", "--regid=1234", "--clear-groups"]

describe("the owner of a lock", () => {
  it("is told to who only asks, and nobody once it is gone; nothing is changed", async () => {
    const folder = freshFolder()
    const lock = join(folder, "run.lock")
    const ask = () => Effect.runPromise(Effect.provide(FolderLock.holderOf(lock), NodeServices.layer))
    assert.isUndefined(await ask())
    const owner = await holding(folder, long)
    assert.strictEqual(await ask(), `process ${owner.pid}`)
    owner.child.kill("SIGKILL")
    await owner.ended
    assert.isUndefined(await ask())
    assert.deepStrictEqual(readdirSync(folder), ["run.lock"])
  })

  it("is named while it lives, and succeeded at once when it was killed", async () => {
    const folder = freshFolder()
    const owner = await holding(folder, long)
    assert.include(await take(folder, "0").ended, `process ${owner.pid} works in this folder`)
    owner.child.kill("SIGKILL")
    await owner.ended
    const next = await take(folder, "0").ended
    assert.include(next, "held")
    assert.notInclude(next, "watching")
    assert.deepStrictEqual(readdirSync(folder), [])
  })

  it("is gone when it is a zombie, of which nobody has taken note", async () => {
    const folder = freshFolder()
    // The shell becomes a program that never waits for its children.
    const parent = take(folder, long, ["sh", "-c", '"$@" & exec sleep 600', "sh"])
    await until(() => parent.said().includes("held"))
    const pid = Number(/held (\d+)/.exec(parent.said())?.[1])
    process.kill(pid, "SIGKILL")
    await until(() => readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z "))
    const next = await take(folder, "0").ended
    assert.include(next, "held")
    assert.notInclude(next, "watching")
  })

  it("holds what it holds and not a copy, however the copy was made", async () => {
    const folder = freshFolder()
    const owner = await holding(folder, long)
    cpSync(folder, `${folder}-copy`, { recursive: true })
    execFileSync("cp", ["-al", folder, `${folder}-linked`])
    for (const copy of [`${folder}-copy`, `${folder}-linked`]) {
      const next = await take(copy, "0").ended
      assert.include(next, "held")
      assert.notInclude(next, "watching")
    }
    assert.include(await take(folder, "0").ended, `process ${owner.pid} works in this folder`)
    // The folder under another name is the same folder.
    symlinkSync(folder, `${folder}-link`)
    assert.include(await take(`${folder}-link`, "0").ended, `process ${owner.pid} works in this folder`)
  })

  it("is one of many that come to a stale lock at once", async () => {
    const folder = freshFolder()
    for (let round = 0; round < 3; round++) {
      const dead = await holding(folder, long)
      dead.child.kill("SIGKILL")
      await dead.ended
      const said = await Promise.all(Array.from({ length: 6 }, () => take(folder, "3000").ended))
      assert.strictEqual(said.filter((line) => line.includes("held")).length, 1, said.join(""))
      assert.strictEqual(said.filter((line) => line.includes("FolderLocked")).length, 5, said.join(""))
      assert.deepStrictEqual(readdirSync(folder), [])
    }
  })

  it.skipIf(!isRoot)(
    "is seen alive from another PID namespace, and gone there when it was killed",
    async () => {
      const folder = freshFolder()
      const owner = await holding(folder, long)
      const refused = await take(folder, "0", otherNamespace).ended
      assert.include(refused, `process ${owner.pid} of another container works in this folder`)
      owner.child.kill("SIGKILL")
      await owner.ended
      assert.include(await take(folder, "0", otherNamespace).ended, "held")
    }
  )

  it.skipIf(!isRoot)(
    "is seen alive in another PID namespace, whose ids mean other processes here",
    async () => {
      const folder = freshFolder()
      const owner = await holding(folder, long, otherNamespace)
      assert.strictEqual(owner.pid, 1)
      assert.include(await take(folder, "0").ended, "process 1 of another container works in this folder")
      assert.include(
        await take(folder, "0", otherNamespace).ended,
        "of another container works in this folder"
      )
      owner.child.kill("SIGKILL")
      await owner.ended
      assert.include(await take(folder, "0").ended, "held")
    }
  )

  it.skipIf(!isRoot)(
    "lets another user read who it is whatever its umask, and is seen alive where it does not",
    async () => {
      const folder = freshFolder()
      const owner = await holding(folder, long, ["sh", "-c", 'umask 077; exec "$@"', "sh"])
      const lock = join(folder, "run.lock")
      assert.strictEqual(statSync(lock).mode & 0o777, 0o644)
      assert.include(await take(folder, "0", otherUser).ended, `process ${owner.pid} works in this folder`)
      chmodSync(lock, 0o600)
      const refused = await take(folder, "0", otherUser).ended
      assert.include(refused, "a process that cannot be told from here works in this folder")
      owner.child.kill("SIGKILL")
      await owner.ended
      assert.include(await take(folder, "0", otherUser).ended, "held")
    }
  )

  it.skipIf(!isRoot)(
    "that was suspended for too long and taken over writes nothing more when it wakes up",
    async () => {
      const folder = freshFolder()
      const owner = await holding(folder, "write")
      const written = join(folder, "run.lock.written")
      await until(() => existsSync(written) && readFileSync(written, "utf8") !== "")
      owner.child.kill("SIGSTOP")
      // From its own machine it is seen, suspended or not.
      assert.include(await take(folder, "0").ended, "works in this folder")
      const next = await holding(folder, long, otherNamespace)
      writeFileSync(written, "of the next one")
      writeFileSync(join(folder, "run.lock.again"), "")
      owner.child.kill("SIGCONT")
      assert.include(await owner.ended, "another process has taken the folder over")
      assert.strictEqual(readFileSync(written, "utf8"), "of the next one")
      assert.include(await take(folder, "0").ended, "works in this folder")
      ;(next.child as ChildProcess).kill("SIGKILL")
    }
  )
})

const quick = { every: "50 millis", missedFor: "1 second" } as const

/** A lock of a process on another machine. */
const leaveForeign = Effect.fnUntraced(function* (folder: string) {
  const owner = { ...(yield* self), host: "elsewhere", boot: "another", id: "0123456789abcdef", pid: 7 }
  const place = { path: folder, inode: String(statSync(folder).ino) }
  writeFileSync(join(folder, "run.lock"), JSON.stringify({ ...owner, folder: place }))
})

const holds = (folder: string, told: Array<string> = []) =>
  FolderLock.hold(join(folder, "run.lock"), {
    onWatch: (message) => Effect.sync(() => void told.push(message))
  }).pipe(Effect.provideService(FolderLock.Heartbeat, quick))

describe("a lock of another machine", () => {
  it.live("is respected while its heart beats, whatever the clocks say", () =>
    Effect.gen(function* () {
      const folder = freshFolder()
      yield* leaveForeign(folder)
      const beating = Effect.repeat(
        Effect.sync(() => utimesSync(join(folder, "run.lock"), new Date(0), new Date(Math.random() * 1e12))),
        Schedule.spaced("100 millis")
      )
      const error = yield* Effect.flip(Effect.raceFirst(holds(folder), Effect.andThen(beating, Effect.never)))
      assert.strictEqual(error._tag, "FolderLocked")
      assert.include(error.message, "process 7 on elsewhere works in this folder")
      assert.notStrictEqual(hostname(), "elsewhere")
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  for (const [name, leave] of [
    ["of another machine", leaveForeign],
    ["that says nothing", (folder: string) => Effect.sync(() => writeFileSync(join(folder, "run.lock"), ""))],
    [
      "of an earlier program",
      (folder: string) => Effect.sync(() => writeFileSync(join(folder, "run.lock"), '{"pid":1,"start":"2"}'))
    ]
  ] as const) {
    it.live(`is taken over where it is one ${name} and no heart beats`, () =>
      Effect.gen(function* () {
        const folder = freshFolder()
        yield* leave(folder)
        const told: Array<string> = []
        yield* holds(folder, told)
        assert.match(
          told.join(),
          /^waiting for a sign of life of .*, for 1s at most: .*run.lock is taken over/
        )
        assert.strictEqual(told.length, 1)
        assert.deepStrictEqual(readdirSync(folder), ["run.lock"])
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
    )
  }

  it.live("has a heart that beats while a call of a minute keeps its process busy", () =>
    Effect.gen(function* () {
      const folder = freshFolder()
      yield* holds(folder)
      const before = statSync(join(folder, "run.lock")).mtimeMs
      // As a training step does: nothing else happens on this thread.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4000)
      assert.isAbove(statSync(join(folder, "run.lock")).mtimeMs - before, 1000)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.live("is never written through: a link in its place is refused", () =>
    Effect.gen(function* () {
      const folder = freshFolder()
      writeFileSync(join(folder, "mine"), "mine")
      symlinkSync(join(folder, "mine"), join(folder, "run.lock"))
      const error = yield* Effect.flip(holds(folder))
      assert.include(error.message, "it is no regular file")
      assert.strictEqual(readFileSync(join(folder, "mine"), "utf8"), "mine")
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
