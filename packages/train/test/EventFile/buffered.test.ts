import {
  appendFileSync,
  copyFileSync,
  linkSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { EventFile } from "@moco/train/EventFile"
import { nextName } from "@moco/train/EventFile/buffered"
import { RunMessages } from "@moco/train/Run"
import { Effect, FileSystem } from "effect"
import { TestClock } from "effect/testing"
import fc from "fast-check"
import { inTemporary } from "../inTemporary.ts"
import { withoutRoom } from "./faults.ts"
import { eventFilesIn, eventsIn, shownOf } from "./reader.ts"

/** Tells one number, a second after the one before. */
const tell = Effect.fnUntraced(function* (step: number) {
  yield* TestClock.adjust("1 second")
  yield* (yield* EventFile).scalars(step, [{ tag: "a", value: step }])
})

const stepsIn = (folder: string) => shownOf(eventsIn(folder), "a").map(([step]) => step)

/** An event file in a folder that is not yet, and what is told of it. */
const withEventFile = (
  test: (
    folder: string,
    told: ReadonlyArray<string>
  ) => Effect.Effect<void, never, EventFile | FileSystem.FileSystem>,
  isFull: () => boolean = () => false
) =>
  inTemporary(
    (folder) =>
      Effect.gen(function* () {
        const fileSystem = withoutRoom(yield* FileSystem.FileSystem, isFull)
        const told: Array<string> = []
        yield* test(folder, told).pipe(
          Effect.provide(EventFile.layerFolder(folder)),
          Effect.provideService(FileSystem.FileSystem, fileSystem),
          Effect.provideService(RunMessages, {
            info: () => Effect.void,
            warning: (text) => Effect.sync(() => void told.push(text))
          })
        )
      }),
    "tensorboard"
  )

describe("An event file", () => {
  it.effect("is written about once a second, and when it is asked for", () =>
    withEventFile((folder) =>
      Effect.gen(function* () {
        const { flush, scalars } = yield* EventFile
        yield* tell(0)
        assert.deepStrictEqual(stepsIn(folder), [0])
        yield* TestClock.adjust("900 millis")
        yield* scalars(1, [{ tag: "a", value: 1 }])
        assert.deepStrictEqual(stepsIn(folder), [0])
        yield* flush
        assert.deepStrictEqual(stepsIn(folder), [0, 1])
      })
    )
  )

  it.effect("is written when it is closed", () =>
    inTemporary((folder) =>
      Effect.gen(function* () {
        yield* Effect.gen(function* () {
          yield* tell(0)
          yield* (yield* EventFile).scalars(1, [{ tag: "a", value: 1 }])
        }).pipe(Effect.provide(EventFile.layerFolder(folder)))
        assert.deepStrictEqual(stepsIn(folder), [0, 1])
      })
    )
  )

  it.effect("has everything where there was no room for a while, and that is told once", () => {
    let isFull = true
    return withEventFile(
      (folder, told) =>
        Effect.gen(function* () {
          yield* tell(0)
          isFull = false
          yield* tell(1)
          isFull = true
          yield* tell(2)
          yield* tell(3)
          isFull = false
          yield* tell(4)
          assert.deepStrictEqual(stepsIn(folder), [0, 1, 2, 3, 4])
          assert.lengthOf(eventFilesIn(folder), 1)
          assert.lengthOf(told, 1)
          assert.include(told[0], "no space is left on the device; the run goes on")
        }),
      () => isFull
    )
  })

  for (const sizes of [[2 ** 21, 2 ** 21, 2 ** 21], [2 ** 22 + 1]]) {
    it.effect(
      `is given up where there is no room for much, told in ${sizes.length}, and that is told once`,
      () => {
        let isFull = true
        return withEventFile(
          (folder, told) =>
            Effect.gen(function* () {
              const { image } = yield* EventFile
              for (const size of sizes) yield* image("i", 0, new Uint8Array(size), 1, 1)
              isFull = false
              yield* tell(5)
              assert.deepStrictEqual(eventFilesIn(folder), [])
              assert.lengthOf(told, 1)
            }),
          () => isFull
        )
      }
    )
  }

  it.effect("that was removed is not made anew, and one that was cut stays as it is", () =>
    withEventFile((folder, told) =>
      Effect.gen(function* () {
        yield* tell(0)
        const [file] = eventFilesIn(folder)
        writeFileSync(file!, readFileSync(file!).subarray(0, 20))
        yield* tell(1)
        assert.lengthOf(readFileSync(file!), 20)
        rmSync(file!)
        yield* tell(2)
        assert.deepStrictEqual(eventFilesIn(folder), [])
        assert.lengthOf(told, 1)
        assert.include(told[0], "removed, cut or replaced while it was in use")
      })
    )
  )

  it.effect("is cut back to its last whole record where a write has left a part of one", () =>
    withEventFile((folder) =>
      Effect.gen(function* () {
        yield* tell(0)
        appendFileSync(eventFilesIn(folder)[0]!, Uint8Array.of(9, 9, 9))
        yield* tell(1)
        assert.deepStrictEqual(stepsIn(folder), [0, 1])
      })
    )
  )

  it.effect("that has another name is copied before it grows", () =>
    withEventFile((folder) =>
      Effect.gen(function* () {
        yield* tell(0)
        const [file] = eventFilesIn(folder)
        const copy = `${folder}-copy`
        linkSync(file!, copy)
        const before = readFileSync(copy)
        yield* tell(1)
        assert.deepStrictEqual(readFileSync(copy), before)
        assert.deepStrictEqual(stepsIn(folder), [0, 1])
        rmSync(copy)
      })
    )
  )

  it.effect("that a killed process has left half made is removed by the next", () =>
    inTemporary((folder) =>
      Effect.gen(function* () {
        const start = tell(0).pipe(Effect.provide(EventFile.layerFolder(folder)))
        yield* start
        const [file] = eventFilesIn(folder)
        for (const name of [
          file,
          join(folder, "events.out.tfevents.0000000009.moco.1"),
          join(folder, "tensors.tsv")
        ])
          copyFileSync(file!, `${name}.0123456789ab.tmp`)
        yield* start
        assert.deepStrictEqual(readdirSync(folder).toSorted(), [
          "events.out.tfevents.0000000001.moco.0",
          "events.out.tfevents.0000000002.moco.1"
        ])
      })
    )
  )

  it("is read behind those before it, whatever the clock says", () => {
    const seconds = fc.array(fc.integer({ min: 0, max: 2e9 }), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(seconds, (all) => {
        const names = all.reduce<ReadonlyArray<string>>(
          (names, at) => names.concat(nextName(names, at)),
          ["x"]
        )
        assert.deepStrictEqual(names.slice(1).toSorted(), names.slice(1))
        assert.strictEqual(new Set(names).size, names.length)
      })
    )
  })
})
