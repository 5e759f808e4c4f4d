import { assert, describe, it } from "@effect/vitest"
import { load } from "@moco/train/Checkpoint/load"
import { encodeManifest, sha256, sign } from "@moco/train/Checkpoint/manifest"
import * as Store from "@moco/train/Checkpoint/store"
import { sampleManifest } from "@moco/train/testing"
import { validConfig } from "@moco/train/testing/validConfig"
import { Effect, FileSystem } from "effect"
import { inTemporary } from "./inTemporary.ts"
import { checkpoint, newest } from "./sampleCheckpoint.ts"

/** Changes a byte in the middle of a file. */
const damage = Effect.fnUntraced(function* (file: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const bytes = yield* fileSystem.readFile(file)
  bytes[bytes.length >> 1]! ^= 1
  yield* fileSystem.writeFile(file, bytes)
})

describe("damaged checkpoints", () => {
  it.effect("never push out a whole one when old ones are removed", () =>
    inTemporary(
      (root) =>
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
        }),
      "checkpoints"
    )
  )

  it.effect("are all named where none is whole, and none is touched", () =>
    inTemporary(
      (root) =>
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
        }),
      "checkpoints"
    )
  )

  it.effect("are none where there is no folder, and a folder that cannot be read is no empty one", () =>
    inTemporary(
      (root) =>
        Effect.gen(function* () {
          assert.isUndefined(yield* newest(root))
          yield* (yield* FileSystem.FileSystem).writeFileString(root, "a file")
          const error = yield* Effect.flip(newest(root))
          assert.strictEqual(error._tag, "CheckpointUnreadable")
          assert.include(error.message, root)
        }),
      "checkpoints"
    )
  )

  it.effect("are told from those of a newer program, which are left alone", () =>
    inTemporary(
      (root) =>
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
        }),
      "checkpoints"
    )
  )
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

  it.effect("is read back as it was written", () =>
    inTemporary(
      (root) =>
        Effect.gen(function* () {
          const { manifest, parts } = yield* load((yield* Store.save(root, checkpoint(7))).folder)
          const { parts: described, ...rest } = manifest
          assert.deepStrictEqual(rest, checkpoint(7).manifest)
          assert.strictEqual(described.length, 2)
          for (const [name, bytes] of Object.entries(checkpoint(7).parts)) {
            assert.deepStrictEqual(Array.from(parts[name]!), Array.from(bytes))
          }
        }),
      "checkpoints"
    )
  )

  it.effect("never hides a flipped bit, whichever it is: in a part or in the manifest", () =>
    inTemporary(
      (root) =>
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
        }),
      "checkpoints"
    )
  )

  it.effect(
    "never hides a truncation, a missing file, two parts that changed places, or a folder in a file's place",
    () =>
      inTemporary(
        (root) =>
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
          }),
        "checkpoints"
      )
  )

  it.effect("never passes for one of another step", () =>
    inTemporary(
      (root) =>
        Effect.gen(function* () {
          const fileSystem = yield* FileSystem.FileSystem
          const { folder } = yield* Store.save(root, checkpoint(5))
          yield* fileSystem.rename(folder, `${root}/000000009`)
          yield* isRefused(`${root}/000000009`, "manifest.jsonl is damaged: it is of step 5")
        }),
      "checkpoints"
    )
  )

  it.effect("never makes a file be read that is not in its folder", () =>
    inTemporary(
      (root) =>
        Effect.gen(function* () {
          const fileSystem = yield* FileSystem.FileSystem
          const { folder } = yield* Store.save(root, checkpoint(5))
          const secret = Uint8Array.of(42)
          yield* fileSystem.writeFile(`${root}/secret`, secret)
          const part = { name: "../secret", bytes: 1, sha256: sha256(secret) }
          const text = encodeManifest({ ...sampleManifest(validConfig, 5), parts: [part] })
          yield* fileSystem.writeFileString(`${folder}/manifest.jsonl`, text)
          yield* isRefused(folder, "secret is damaged: its name is a path")
        }),
      "checkpoints"
    )
  )
})
