import { assert, describe, it } from "@effect/vitest"
import { load } from "@moco/train/Checkpoint/load"
import * as Store from "@moco/train/Checkpoint/store"
import { type Faults, faulty } from "@moco/train/testing"
import { Effect, FileSystem } from "effect"
import { inTemporary } from "./inTemporary.ts"
import { checkpoint, newest } from "./sampleCheckpoint.ts"

/** Saves on a file system that fails at call `failAt`; gives how it ended and the number of calls. */
const saveWith = Effect.fnUntraced(function* (
  root: string,
  saved: ReturnType<typeof checkpoint>,
  failAt: number
) {
  const faults: Faults = { numCalls: 0, failAt }
  const real = yield* FileSystem.FileSystem
  const result = yield* Effect.result(
    Store.save(root, saved).pipe(Effect.provideService(FileSystem.FileSystem, faulty(real, faults)))
  )
  return { result, numCalls: faults.numCalls }
})

describe("checkpoints that are too many", () => {
  it.effect("are the oldest, and never the best one", () =>
    inTemporary(
      (root) =>
        Effect.gen(function* () {
          for (const step of [1, 2, 3, 4, 5]) yield* Store.save(root, checkpoint(step))
          yield* Store.prune(root, 2, 1)
          assert.deepStrictEqual(yield* Store.steps(root), [5, 4, 1])
          yield* Store.prune(root, 1, undefined)
          assert.deepStrictEqual(yield* Store.steps(root), [5])
        }),
      "checkpoints"
    )
  )
})

describe("a full disk at every call of a save", () => {
  const cases = [
    ["a new step", checkpoint(2)],
    ["the same step again", checkpoint(1, 77)]
  ] as const
  for (const [name, next] of cases) {
    it.effect(`of ${name} leaves the old checkpoint or the new one, and never neither`, () =>
      inTemporary(
        (root) =>
          Effect.gen(function* () {
            yield* Store.save(`${root}-count`, checkpoint(1))
            const { numCalls } = yield* saveWith(`${root}-count`, next, Number.POSITIVE_INFINITY)
            assert.isAbove(numCalls, 10)
            let numFailed = 0
            for (let failAt = 0; failAt < numCalls; failAt++) {
              const folder = `${root}-${failAt}`
              yield* Store.save(folder, checkpoint(1))
              const { result } = yield* saveWith(folder, next, failAt)
              const found = (yield* newest(folder))!
              const content = found.parts["a.safetensors"]![2]
              if (result._tag === "Success") {
                assert.strictEqual(content, next.parts["a.safetensors"][2], `call ${failAt}`)
              } else {
                numFailed++
                assert.strictEqual(result.failure._tag, "CheckpointUnwritable")
                assert.include(result.failure.message, "no space is left on the device")
                assert.include([1, next.parts["a.safetensors"][2]], content, `call ${failAt}`)
              }
              // What a failed save has left is in nobody's way.
              yield* Store.save(folder, checkpoint(3))
              assert.strictEqual((yield* newest(folder))!.manifest.progress.step, 3)
            }
            assert.isAbove(numFailed, 8)
          }),
        "checkpoints"
      )
    )
  }
})

describe("a save", () => {
  it.effect(
    "has every file and every name on disk before the name of the checkpoint, and that one at the end",
    () =>
      inTemporary(
        (root) =>
          Effect.gen(function* () {
            const calls: Array<string> = []
            const real = yield* FileSystem.FileSystem
            const onCall = (method: string, path: string) => calls.push(`${method} ${path.replace(root, "")}`)
            const faults = { numCalls: 0, failAt: Number.POSITIVE_INFINITY, onCall }
            yield* Effect.provideService(
              Store.save(root, checkpoint(7)),
              FileSystem.FileSystem,
              faulty(real, faults)
            )
            const [temporary, renamed] = ["/000000007.tmp", calls.indexOf("rename /000000007.tmp")]
            const written = (name: string) => calls.indexOf(`writeAll ${temporary}/${name}`)
            const synced = (name: string) => calls.indexOf(`sync ${temporary}${name}`)
            for (const part of ["a.safetensors", "b.safetensors"]) {
              assert.isAbove(written(part), 0)
              assert.isAbove(synced(`/${part}`), written(part))
              assert.isAbove(written("manifest.jsonl"), synced(`/${part}`))
            }
            assert.isAbove(synced("/manifest.jsonl"), written("manifest.jsonl"))
            assert.isAbove(synced(""), synced("/manifest.jsonl"))
            assert.isAbove(renamed, synced(""))
            assert.isAbove(calls.indexOf("sync "), renamed)
          }),
        "checkpoints"
      )
  )
})

describe("what a killed save has left", () => {
  it.effect(
    "is cleared up: a checkpoint that was being replaced is back, what was being written is gone",
    () =>
      inTemporary(
        (root) =>
          Effect.gen(function* () {
            const fileSystem = yield* FileSystem.FileSystem
            for (const step of [4, 5, 6]) yield* Store.save(root, checkpoint(step))
            // Killed between the two renames of step 5, and after both of step 6.
            yield* fileSystem.rename(`${root}/000000005`, `${root}/000000005.old`)
            yield* fileSystem.makeDirectory(`${root}/000000005.tmp`)
            yield* fileSystem.makeDirectory(`${root}/000000006.old`)
            yield* fileSystem.writeFileString(`${root}/notes.old`, "mine")
            yield* Store.recover(root)
            assert.sameMembers(yield* fileSystem.readDirectory(root), [
              "000000004",
              "000000005",
              "000000006",
              "notes.old"
            ])
            assert.strictEqual((yield* load(`${root}/000000005`)).manifest.progress.step, 5)
          }),
        "checkpoints"
      )
  )

  it.effect("is nothing where there is no folder, and none is made", () =>
    inTemporary(
      (root) =>
        Effect.gen(function* () {
          yield* Store.recover(root)
          assert.isFalse(yield* (yield* FileSystem.FileSystem).exists(root))
        }),
      "checkpoints"
    )
  )
})
