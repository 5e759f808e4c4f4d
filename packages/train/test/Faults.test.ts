import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as Store from "@moco/train/Checkpoint/store"
import { newestGood } from "@moco/train/Checkpoints"
import { type Faults, faulty } from "@moco/train/testing"
import { Effect, FileSystem, Path } from "effect"
import { validConfig } from "./validConfig.ts"

const manifest = (step: number) => ({
  format: 1 as const,
  savedAt: "2026-01-01T00:00:00.000Z",
  config: validConfig,
  fingerprint: {
    backend: "tensorflow",
    version: "2.21.0",
    device: "cpu",
    threads: 2,
    oneDnn: "",
    cpuFeatures: ["avx2"],
    node: "v22"
  },
  progress: {
    step,
    trainingSeconds: 1,
    evaluationSeconds: 1,
    logPosition: 0,
    evaluations: {},
    evaluatedAt: 0,
    rateFactor: 1
  },
  counters: { pointer: 3 }
})

const checkpoint = (step: number) => ({
  manifest: manifest(step),
  parts: { "a.safetensors": Uint8Array.of(1, 2, step), "b.safetensors": new Uint8Array(1000).fill(step) }
})

const inTemporary = <E>(test: (root: string) => Effect.Effect<void, E, NodeServices.NodeServices>) =>
  Effect.gen(function* () {
    const fileSystem = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    yield* test(path.join(yield* fileSystem.makeTempDirectoryScoped(), "checkpoints"))
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

const newestStep = (root: string) =>
  Effect.map(
    newestGood(root, () => Effect.void),
    (found) => found?.manifest.progress.step
  )

/** Saves the checkpoint of `step` on a file system that fails at call `failAt`; gives the number of calls. */
const saveWith = Effect.fnUntraced(function* (root: string, step: number, failAt: number) {
  const faults: Faults = { numCalls: 0, failAt }
  const real = yield* FileSystem.FileSystem
  const result = yield* Effect.result(
    Store.save(root, checkpoint(step)).pipe(
      Effect.provideService(FileSystem.FileSystem, faulty(real, faults))
    )
  )
  return { result, numCalls: faults.numCalls }
})

describe("a full disk", () => {
  it.effect("at every call of a save leaves the old checkpoint or the new one, and never neither", () =>
    inTemporary((root) =>
      Effect.gen(function* () {
        const { numCalls } = yield* saveWith(`${root}-count`, 1, Number.POSITIVE_INFINITY)
        assert.isAbove(numCalls, 10)
        for (let failAt = 0; failAt < numCalls; failAt++) {
          const folder = `${root}-${failAt}`
          yield* Store.save(folder, checkpoint(1))
          const { result } = yield* saveWith(folder, 2, failAt)
          const newest = yield* newestStep(folder)
          if (result._tag === "Success") {
            assert.strictEqual(newest, 2, `call ${failAt}`)
          } else {
            assert.strictEqual(result.failure._tag, "CheckpointUnwritable")
            assert.include(result.failure.message, "no space is left on the device")
            assert.include([1, 2], newest, `call ${failAt}`)
          }
          // What a failed save has left is in nobody's way.
          yield* Store.save(folder, checkpoint(3))
          assert.strictEqual(yield* newestStep(folder), 3)
        }
      })
    )
  )
})

describe("a checkpoint on disk", () => {
  /** Every file of a checkpoint, with its bytes. */
  const filesOf = Effect.fnUntraced(function* (folder: string) {
    const fileSystem = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const names = yield* fileSystem.readDirectory(folder)
    return yield* Effect.forEach(names, (name) =>
      Effect.map(fileSystem.readFile(path.join(folder, name)), (bytes) => ({
        file: path.join(folder, name),
        bytes
      }))
    )
  })

  it.effect("is read back as it was written", () =>
    inTemporary((root) =>
      Effect.gen(function* () {
        const { manifest, parts } = yield* Store.load(yield* Store.save(root, checkpoint(7)))
        const { parts: described, ...rest } = manifest
        assert.deepStrictEqual(rest, checkpoint(7).manifest)
        assert.strictEqual(described.length, 2)
        for (const [name, bytes] of Object.entries(checkpoint(7).parts)) {
          assert.deepStrictEqual(Array.from(parts[name]!), Array.from(bytes))
        }
      })
    )
  )

  it.effect("never hides a flipped bit, whichever it is: in a part or in the manifest", () =>
    inTemporary((root) =>
      Effect.gen(function* () {
        const fileSystem = yield* FileSystem.FileSystem
        const folder = yield* Store.save(root, checkpoint(7))
        for (const { bytes, file } of yield* filesOf(folder)) {
          // Every 37th bit reaches every place in a byte, and every part of the file.
          for (let bit = 0; bit < 8 * bytes.length; bit += 37) {
            const damaged = Uint8Array.from(bytes)
            damaged[bit >> 3]! ^= 1 << (bit & 7)
            yield* fileSystem.writeFile(file, damaged)
            const error = yield* Effect.flip(Store.load(folder))
            assert.strictEqual(error._tag, "CheckpointCorrupt")
            assert.include(error.message, file)
          }
          yield* fileSystem.writeFile(file, bytes)
        }
        yield* Store.load(folder)
      })
    )
  )

  it.effect("never hides a truncation, a missing file or two parts that changed places", () =>
    inTemporary((root) =>
      Effect.gen(function* () {
        const fileSystem = yield* FileSystem.FileSystem
        const folder = yield* Store.save(root, checkpoint(7))
        const files = yield* filesOf(folder)
        for (const { bytes, file } of files) {
          for (let length = 0; length < bytes.length; length += 13) {
            yield* fileSystem.writeFile(file, bytes.slice(0, length))
            assert.strictEqual((yield* Effect.flip(Store.load(folder)))._tag, "CheckpointCorrupt")
          }
          yield* fileSystem.remove(file)
          assert.include((yield* Effect.flip(Store.load(folder))).message, file)
          yield* fileSystem.writeFile(file, bytes)
        }
        const parts = files.filter(({ file }) => file.endsWith(".safetensors"))
        yield* fileSystem.writeFile(parts[0]!.file, parts[1]!.bytes)
        yield* fileSystem.writeFile(parts[1]!.file, parts[0]!.bytes)
        assert.strictEqual((yield* Effect.flip(Store.load(folder)))._tag, "CheckpointCorrupt")
      })
    )
  )
})
