import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { decode } from "@moco/core/Safetensors"
import { load, newestGood } from "@moco/train/Checkpoint/load"
import { encodeManifest, sha256, sign } from "@moco/train/Checkpoint/manifest"
import * as Store from "@moco/train/Checkpoint/store"
import { type Faults, faulty, sampleManifest } from "@moco/train/testing"
import { validConfig } from "@moco/train/testing/validConfig"
import { Effect, FileSystem, Path } from "effect"

/** `content` tells one checkpoint of a step from another. */
const checkpoint = (step: number, content = step) => ({
  manifest: sampleManifest(validConfig, step),
  parts: { "a.safetensors": Uint8Array.of(1, 2, content), "b.safetensors": new Uint8Array(1000).fill(step) }
})

/** Runs a test with the path of a folder for checkpoints that is not there yet. */
const test = <E>(title: string, body: (root: string) => Effect.Effect<void, E, NodeServices.NodeServices>) =>
  it.effect(title, () =>
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      yield* body(path.join(yield* fileSystem.makeTempDirectoryScoped(), "checkpoints"))
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

const ignoreDamage = () => Effect.void

const newest = (root: string) => newestGood(root, ignoreDamage)

/** Changes a byte in the middle of a file. */
const damage = Effect.fnUntraced(function* (file: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const bytes = yield* fileSystem.readFile(file)
  bytes[bytes.length >> 1]! ^= 1
  yield* fileSystem.writeFile(file, bytes)
})

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
  test("are the oldest, and never the best one", (root) =>
    Effect.gen(function* () {
      for (const step of [1, 2, 3, 4, 5]) yield* Store.save(root, checkpoint(step))
      yield* Store.prune(root, 2, 1)
      assert.deepStrictEqual(yield* Store.steps(root), [5, 4, 1])
      yield* Store.prune(root, 1, undefined)
      assert.deepStrictEqual(yield* Store.steps(root), [5])
    }))
})

describe("a full disk at every call of a save", () => {
  const cases = [
    ["a new step", checkpoint(2)],
    ["the same step again", checkpoint(1, 77)]
  ] as const
  for (const [name, next] of cases) {
    test(`of ${name} leaves the old checkpoint or the new one, and never neither`, (root) =>
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
      }))
  }
})

describe("a save", () => {
  test("has every file and every name on disk before the name of the checkpoint, and that one at the end", (root) =>
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
    }))
})

describe("what a killed save has left", () => {
  test("is cleared up: a checkpoint that was being replaced is back, what was being written is gone", (root) =>
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
    }))

  test("is nothing where there is no folder, and none is made", (root) =>
    Effect.gen(function* () {
      yield* Store.recover(root)
      assert.isFalse(yield* (yield* FileSystem.FileSystem).exists(root))
    }))
})

describe("damaged checkpoints", () => {
  test("never push out a whole one when old ones are removed", (root) =>
    Effect.gen(function* () {
      for (const step of [80, 90, 100]) yield* Store.save(root, checkpoint(step))
      for (const step of [90, 100]) yield* damage(`${root}/${Store.folderName(step)}/b.safetensors`)
      assert.strictEqual((yield* newest(root))!.manifest.progress.step, 80)
      yield* Store.save(root, checkpoint(85))
      yield* Store.prune(root, 2, undefined)
      assert.deepStrictEqual(yield* Store.steps(root), [85, 80])
      assert.strictEqual((yield* newest(root))!.manifest.progress.step, 85)
      const names = yield* (yield* FileSystem.FileSystem).readDirectory(root)
      assert.includeMembers(names, ["000000090.damaged", "000000100.damaged"])
    }))

  test("are all named where none is whole, and none is touched", (root) =>
    Effect.gen(function* () {
      for (const step of [1, 2]) {
        yield* Store.save(root, checkpoint(step))
        yield* damage(`${root}/00000000${step}/a.safetensors`)
      }
      const error = yield* Effect.flip(newest(root))
      assert.strictEqual(error._tag, "NoCheckpointWhole")
      for (const step of [1, 2])
        assert.include(error.message, `${root}/00000000${step}/a.safetensors is damaged`)
      assert.deepStrictEqual(yield* Store.steps(root), [2, 1])
    }))

  test("are none where there is no folder, and a folder that cannot be read is no empty one", (root) =>
    Effect.gen(function* () {
      assert.isUndefined(yield* newest(root))
      yield* (yield* FileSystem.FileSystem).writeFileString(root, "a file")
      const error = yield* Effect.flip(newest(root))
      assert.strictEqual(error._tag, "CheckpointUnreadable")
      assert.include(error.message, root)
    }))

  test("are told from those of a newer program, which are left alone", (root) =>
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      for (const step of [1, 2]) yield* Store.save(root, checkpoint(step))
      const file = `${root}/000000002/manifest.jsonl`
      const json = (yield* fileSystem.readFileString(file))
        .split("\n")[0]!
        .replace('"format":2', '"format":3')
      yield* fileSystem.writeFileString(file, sign(json))
      const error = yield* Effect.flip(newest(root))
      assert.strictEqual(error._tag, "CheckpointUnreadable")
      assert.include(error.message, "it has format 3, and this program reads up to 2")
      assert.deepStrictEqual(yield* Store.steps(root), [2, 1])
    }))
})

describe("a checkpoint on disk", () => {
  /** Every file of a checkpoint, with its bytes. */
  const filesOf = Effect.fnUntraced(function* (folder: string) {
    const fileSystem = yield* FileSystem.FileSystem
    const names = yield* fileSystem.readDirectory(folder)
    return yield* Effect.forEach(names, (name) =>
      Effect.map(fileSystem.readFile(`${folder}/${name}`), (bytes) => ({ file: `${folder}/${name}`, bytes }))
    )
  })

  /** Loading fails, and names the file. */
  const isRefused = Effect.fnUntraced(function* (folder: string, file: string) {
    const error = yield* Effect.flip(load(folder))
    assert.strictEqual(error._tag, "CheckpointCorrupt")
    assert.include(error.message, file)
  })

  test("is read back as it was written", (root) =>
    Effect.gen(function* () {
      const { manifest, parts } = yield* load((yield* Store.save(root, checkpoint(7))).folder)
      const { parts: described, ...rest } = manifest
      assert.deepStrictEqual(rest, checkpoint(7).manifest)
      assert.strictEqual(described.length, 2)
      for (const [name, bytes] of Object.entries(checkpoint(7).parts)) {
        assert.deepStrictEqual(Array.from(parts[name]!), Array.from(bytes))
      }
    }))

  test("never hides a flipped bit, whichever it is: in a part or in the manifest", (root) =>
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      const { folder } = yield* Store.save(root, checkpoint(7))
      for (const { bytes, file } of yield* filesOf(folder)) {
        // Every 37th bit reaches every place in a byte, and every part of the file.
        for (let bit = 0; bit < 8 * bytes.length; bit += 37) {
          const damaged = Uint8Array.from(bytes)
          damaged[bit >> 3]! ^= 1 << (bit & 7)
          yield* fileSystem.writeFile(file, damaged)
          yield* isRefused(folder, file)
        }
        yield* fileSystem.writeFile(file, bytes)
      }
      yield* load(folder)
    }))

  test("never hides a truncation, a missing file, two parts that changed places, or a folder in a file's place", (root) =>
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      const { folder } = yield* Store.save(root, checkpoint(7))
      const files = yield* filesOf(folder)
      for (const { bytes, file } of files) {
        for (let length = 0; length < bytes.length; length += 13) {
          yield* fileSystem.writeFile(file, bytes.slice(0, length))
          yield* isRefused(folder, file)
        }
        yield* fileSystem.remove(file)
        yield* isRefused(folder, file)
        yield* fileSystem.makeDirectory(file)
        yield* isRefused(folder, file)
        yield* fileSystem.remove(file, { recursive: true })
        yield* fileSystem.writeFile(file, bytes)
      }
      const parts = files.filter(({ file }) => file.endsWith(".safetensors"))
      yield* fileSystem.writeFile(parts[0]!.file, parts[1]!.bytes)
      yield* fileSystem.writeFile(parts[1]!.file, parts[0]!.bytes)
      yield* isRefused(folder, parts[0]!.file)
    }))

  test("never passes for one of another step", (root) =>
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      const { folder } = yield* Store.save(root, checkpoint(5))
      yield* fileSystem.rename(folder, `${root}/000000009`)
      yield* isRefused(`${root}/000000009`, "manifest.jsonl is damaged: it is of step 5")
    }))

  test("never makes a file be read that is not in its folder", (root) =>
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      const { folder } = yield* Store.save(root, checkpoint(5))
      const secret = Uint8Array.of(42)
      yield* fileSystem.writeFile(`${root}/secret`, secret)
      const part = { name: "../secret", bytes: 1, sha256: sha256(secret) }
      const text = encodeManifest({ ...sampleManifest(validConfig, 5), parts: [part] })
      yield* fileSystem.writeFileString(`${folder}/manifest.jsonl`, text)
      yield* isRefused(folder, "secret is damaged: its name is a path")
    }))

  it.effect("of format 1 can be read for as long as there is this program", () =>
    Effect.gen(function* () {
      const { manifest, parts } = yield* load(`${import.meta.dirname}/golden/checkpoints-format-1/000000003`)
      assert.deepInclude(manifest, { config: validConfig, counters: { pointer: 3, filled: 20 } })
      assert.deepStrictEqual(manifest.progress, sampleManifest(validConfig, 3).progress)
      const { tensors } = yield* decode(parts["query.safetensors"]!)
      // A negative zero and a number below the smallest normal one keep their bits.
      assert.deepStrictEqual(tensors["a"]!.data, Float32Array.of(2, -0, 1e-40, 3.4e38))
      assert.deepStrictEqual(tensors["b"]!.data, Int32Array.of(-2))
    }).pipe(Effect.provide(NodeServices.layer))
  )
})
