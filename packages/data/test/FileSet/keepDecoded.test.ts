import { readdirSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Property } from "@moco/core/testing"
import { ImageUndecodable } from "@moco/data/Decode/errors"
import type { FileSet } from "@moco/data/FileSet"
import { keepDecoded } from "@moco/data/FileSet/keepDecoded"
import { Effect, FileSystem } from "effect"
import fc from "fast-check"

const numFiles = 6

/** Images of all sizes, each of one value; the fourth file is none. Counts what is decoded. */
const counted = () => {
  const decoded = Array.from({ length: numFiles }, () => 0)
  const set: FileSet = {
    ...{ name: "grays", path: "/grays", names: decoded.map((_, file) => `${file}.png`) },
    decode: (index) =>
      Effect.suspend(() => {
        decoded[index]! += 1
        if (index === 3)
          return Effect.fail(new ImageUndecodable({ file: "3.png", problem: "it is none", isRead: true }))
        const [height, width] = [index + 1, 2]
        const pixels_HWC = new Uint8Array(height * width * 3).fill(index + 10)
        return Effect.succeed({ height, width, pixels_HWC })
      })
  }
  return { decoded, set }
}

const all = Array.from({ length: numFiles }, (_, file) => file)
const numBytes = 6 * (1 + 2 + 3 + 5 + 6)

const scratchFolder = Effect.flatMap(FileSystem.FileSystem, (fileSystem) =>
  fileSystem.makeTempDirectoryScoped()
)

const readAll = (set: FileSet, indices: ReadonlyArray<number>) =>
  Effect.forEach(indices, (index) => Effect.result(set.decode(index)), { concurrency: 3 })

describe("images that are kept once they are decoded", () => {
  it.effect("are what they are without, whatever is asked for and however much room there is", () =>
    Property.check(
      fc.tuple(
        fc.array(fc.array(fc.nat(numFiles - 1), { maxLength: 8 }), { minLength: 1, maxLength: 5 }),
        fc.nat(numBytes + 10)
      ),
      ([readings, maxBytes]) =>
        Effect.gen(function* () {
          const folder = yield* scratchFolder
          const plain = counted().set
          const kept = yield* keepDecoded(counted().set, { folder, maxBytes })
          for (const indices of readings)
            assert.deepStrictEqual(yield* readAll(kept, indices), yield* readAll(plain, indices))
        }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
    )
  )

  it.effect(
    "are decoded once where there is room, and files that are none as often as they are asked for",
    () =>
      Effect.gen(function* () {
        const { decoded, set } = counted()
        const kept = yield* keepDecoded(set, { folder: yield* scratchFolder, maxBytes: numBytes })
        for (let epoch = 0; epoch < 3; epoch++) yield* readAll(kept, all)
        assert.deepStrictEqual(decoded, [1, 1, 1, 3, 1, 1])
      }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("are those that fit, and nothing behind them", () =>
    Effect.gen(function* () {
      const { decoded, set } = counted()
      const kept = yield* keepDecoded(set, { folder: yield* scratchFolder, maxBytes: 6 * (1 + 2) + 5 })
      for (let epoch = 0; epoch < 2; epoch++) for (const file of all) yield* readAll(kept, [file])
      assert.deepStrictEqual(decoded, [1, 1, 2, 2, 2, 2])
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("have no name that a killed process could leave, and need no folder that can be written to", () =>
    Effect.gen(function* () {
      const folder = yield* scratchFolder
      const kept = yield* keepDecoded(counted().set, { folder, maxBytes: numBytes })
      yield* readAll(kept, all)
      assert.isEmpty(readdirSync(folder))
      const { decoded, set } = counted()
      const without = yield* keepDecoded(set, { folder: join(folder, "missing"), maxBytes: numBytes })
      for (let epoch = 0; epoch < 2; epoch++) yield* readAll(without, [0])
      assert.strictEqual(decoded[0], 2)
    }).pipe(Effect.provide(NodeServices.layer))
  )
})
