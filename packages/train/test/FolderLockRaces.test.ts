import { writeFileSync } from "node:fs"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Property } from "@moco/core/testing"
import * as FolderLock from "@moco/train/FolderLock"
import { fence } from "@moco/train/FolderLock/fence"
import { self } from "@moco/train/ProcessIdentity"
import { Effect, FileSystem, type Scope } from "effect"
import fc from "fast-check"

/** Leaves the lock of a process that is gone: this one's id, and a start that it has not. */
const leaveStale = Effect.fnUntraced(function* (folder: string, id = "0123456789abcdef") {
  const owner = { ...(yield* self), start: "1", id, folder: { path: folder, inode: "0" } }
  writeFileSync(`${folder}/run.lock`, JSON.stringify(owner))
})

/** A file system of which every call comes late, by as many turns of the event loop as `delays` says in turn. */
const late = (real: FileSystem.FileSystem, delays: ReadonlyArray<number>): FileSystem.FileSystem => {
  let calls = 0
  const wait = Effect.suspend(() =>
    Effect.repeat(Effect.yieldNow, { times: 20 * delays[calls++ % delays.length]! })
  )
  const slow = fence(real, Effect.asVoid(wait))
  return { ...slow, lstat: (path) => Effect.andThen(wait, real.lstat(path)) }
}

/** One list of delays for every process that takes part. */
const takers = fc.array(fc.array(fc.nat(8), { minLength: 1, maxLength: 9 }), { minLength: 2, maxLength: 5 })

const numRuns = { numRuns: 30 }

/** A folder with a lock whose owner is gone, on a file system that is not late. */
const inFolder = <E>(
  test: (
    folder: string,
    real: FileSystem.FileSystem
  ) => Effect.Effect<void, E, FileSystem.FileSystem | Scope.Scope>
) =>
  Effect.gen(function* () {
    const real = yield* FileSystem.FileSystem
    const folder = yield* real.makeTempDirectoryScoped()
    yield* leaveStale(folder)
    yield* test(folder, real)
  }).pipe(Effect.scoped)

describe("a lock that several take at the same time", () => {
  it.live("is never held by two, and always by one, where its owner is gone", () =>
    Property.check(
      takers,
      (all) =>
        inFolder((folder, real) =>
          Effect.gen(function* () {
            const ended = yield* Effect.forEach(
              all,
              (delays) =>
                Effect.result(FolderLock.hold(`${folder}/run.lock`)).pipe(
                  Effect.provideService(FileSystem.FileSystem, late(real, delays))
                ),
              { concurrency: "unbounded" }
            )
            const failures = ended.flatMap((result) =>
              result._tag === "Failure" ? [result.failure._tag] : []
            )
            assert.deepStrictEqual(
              failures,
              all.slice(1).map(() => "FolderLocked")
            )
            assert.deepStrictEqual(yield* real.readDirectory(folder), ["run.lock"])
          }).pipe(Effect.scoped)
        ),
      numRuns
    ).pipe(Effect.provide(NodeServices.layer))
  )

  it.live("is never held by two while others let it go and take it again", () =>
    Property.check(
      takers,
      (all) =>
        inFolder((folder, real) =>
          Effect.gen(function* () {
            let holders = 0
            const turn = (delays: ReadonlyArray<number>) =>
              Effect.gen(function* () {
                const held = yield* FolderLock.hold(`${folder}/run.lock`)
                assert.strictEqual(++holders, 1)
                yield* Effect.repeat(held.check, { times: delays[0]! })
                assert.strictEqual(holders--, 1)
              }).pipe(
                Effect.scoped,
                Effect.catchTag("FolderLocked", () => Effect.yieldNow),
                Effect.repeat({ times: 3 }),
                Effect.provideService(FileSystem.FileSystem, late(real, delays))
              )
            yield* Effect.forEach(all, turn, { concurrency: "unbounded" })
            assert.deepStrictEqual(yield* real.readDirectory(folder), [])
          })
        ),
      numRuns
    ).pipe(Effect.provide(NodeServices.layer))
  )
})
