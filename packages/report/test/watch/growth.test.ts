import { appendFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fc from "fast-check"
import { type Growth, growthOf, type Place, start } from "../../src/live/watch/growth.ts"
import { temporary } from "../runs/folders.ts"

const small = { bytesAtOnce: 16, maxLineBytes: 100 }

/** Reads all that has come since `place`. */
const rest = async (file: string, from: Place = start, bounds = small) => {
  const lines: Array<string> = []
  let [place, isAnew, isThere] = [from, false, true]
  for (let hasMore = true; hasMore; ) {
    const growth: Growth = await Effect.runPromise(
      growthOf(file, place, bounds).pipe(Effect.provide(NodeServices.layer))
    )
    if (growth.isAnew) lines.length = 0
    isAnew ||= growth.isAnew
    lines.push(...growth.lines)
    ;({ hasMore, isThere, place } = growth)
  }
  return { lines, place, isAnew, isThere }
}

describe("a file of lines that grows", () => {
  it("gives each line once, in order, however it is written and read", async () => {
    const file = join(temporary(), "log")
    const parts = fc.array(fc.string({ unit: fc.constantFrom("a", "é", "\n", "😀"), maxLength: 30 }), {
      maxLength: 8
    })
    await fc.assert(
      fc.asyncProperty(parts, async (parts) => {
        writeFileSync(file, "")
        assert.deepStrictEqual((await rest(file)).lines, [])
        let [text, place] = ["", start]
        const lines: Array<string> = []
        for (const part of parts) {
          appendFileSync(file, part)
          text += part
          const grown = await rest(file, place)
          place = grown.place
          lines.push(...grown.lines)
          assert.deepStrictEqual(lines, text.split("\n").slice(0, -1))
        }
      }),
      { numRuns: 40 }
    )
  })

  it("keeps a torn last line back until it has its end", async () => {
    const file = join(temporary(), "log")
    writeFileSync(file, "one\ntw")
    const first = await rest(file)
    assert.deepStrictEqual(first.lines, ["one"])
    appendFileSync(file, "o\n")
    assert.deepStrictEqual((await rest(file, first.place)).lines, ["two"])
  })

  it("is not read where it looks as before", async () => {
    const file = join(temporary(), "log")
    writeFileSync(file, "one\n")
    const { place } = await rest(file)
    const again = await rest(file, place)
    assert.strictEqual(again.place, place)
    assert.deepStrictEqual(again.lines, [])
  })

  it("is read anew where it was cut, also where it has grown beyond its old end since", async () => {
    const file = join(temporary(), "log")
    writeFileSync(file, "one\ntwo\nthree\n")
    const { place } = await rest(file)
    truncateSync(file, 4)
    const cut = await rest(file, place)
    assert.deepStrictEqual([cut.isAnew, cut.lines], [true, ["one"]])
    truncateSync(file, 4)
    appendFileSync(file, "zwei\ndrei\nvier\n")
    const grown = await rest(file, place)
    assert.deepStrictEqual([grown.isAnew, grown.lines], [true, ["one", "zwei", "drei", "vier"]])
  })

  it("goes on where a copy with more lines has its name, as where it had another name", async () => {
    const folder = temporary()
    const [file, copy] = [join(folder, "log"), join(folder, "copy")]
    writeFileSync(file, "one\n")
    const { place } = await rest(file)
    writeFileSync(copy, "one\ntwo\n")
    renameSync(copy, file)
    const grown = await rest(file, place)
    assert.deepStrictEqual([grown.isAnew, grown.lines], [false, ["two"]])
  })

  it("may be removed, and made again", async () => {
    const file = join(temporary(), "log")
    assert.isFalse((await rest(file)).isThere)
    writeFileSync(file, "one\n")
    const { place } = await rest(file)
    rmSync(file)
    const gone = await rest(file, place)
    assert.deepStrictEqual([gone.isThere, gone.isAnew], [false, true])
    writeFileSync(file, "two\n")
    assert.deepStrictEqual((await rest(file, gone.place)).lines, ["two"])
  })

  it("is refused where a line has no end", async () => {
    const file = join(temporary(), "log")
    writeFileSync(file, "x".repeat(200))
    const failed = await rest(file).catch((error: unknown) => String(error))
    assert.include(String(failed), "it has a line of more than 100 bytes")
  })
})
