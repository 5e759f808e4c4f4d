import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as Files from "@moco/data/Files"
import { Effect, type FileSystem, type Path, type Scope } from "effect"

/** What the usual programs have written, see tools/parity/record_collections.py. */
const recorded = join(import.meta.dirname, "../parity/collections")

interface Expected {
  readonly images: ReadonlyArray<number>
  readonly labels: ReadonlyArray<number> | null
}
const expected: Readonly<Record<string, Expected>> = JSON.parse(
  readFileSync(join(recorded, "expected.json"), "utf8")
)

const open = (name: string) =>
  Files.sourcesOf({ ...Files.usualFiles, path: join(recorded, name), heldBack: 0 }, "test")

const test = <E>(body: Effect.Effect<void, E, FileSystem.FileSystem | Path.Path | Scope.Scope>) =>
  body.pipe(Effect.scoped, Effect.provide(NodeServices.layer))

describe("a collection of another program", () => {
  for (const [name, { images, labels }] of Object.entries(expected)) {
    it.effect(`has the images and the labels that were written: ${name}`, () =>
      test(
        Effect.gen(function* () {
          const { train } = yield* open(name)
          const read = yield* train.read(Int32Array.from({ length: train.numImages }, (_, index) => index))
          assert.deepStrictEqual(
            read.map(({ height, pixels_HWC, width }) => [height, width, pixels_HWC[0]]),
            images.map((image) => [3, 4, 10 * image + 5])
          )
          assert.deepStrictEqual(train.labels && Array.from(train.labels), labels ?? undefined)
        })
      )
    )
  }
})
