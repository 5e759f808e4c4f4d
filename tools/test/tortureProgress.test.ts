import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { onTestFinished } from "vitest"
import { inFile, none, type Progress } from "../torture/Progress.ts"

const origin = { commit: "abc", seed: 1, short: true }

const freshFile = () => {
  const folder = mkdtempSync(join(tmpdir(), "moco-torture-progress-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, "out.progress.jsonl")
}

const opened = (file: string): Progress => {
  const progress = inFile(file, origin)
  if (typeof progress === "string") throw new Error(progress)
  return progress
}

/** A part that counts how often it is done. */
const counting = () => {
  const done = { times: 0 }
  const part = Effect.sync(() => ({ found: ++done.times }))
  return { done, part }
}

describe("what torture remembers", () => {
  it.effect("is each part that was done, across processes", () =>
    Effect.gen(function* () {
      const file = freshFile()
      const { done, part } = counting()
      assert.deepStrictEqual(yield* opened(file).once("a", part), { found: 1 })
      assert.deepStrictEqual(yield* opened(file).once("a", part), { found: 1 })
      assert.deepStrictEqual(yield* opened(file).once("b", part), { found: 2 })
      assert.strictEqual(done.times, 2)
    })
  )

  it.effect("is not a part whose line was torn by a kill, nor one that failed", () =>
    Effect.gen(function* () {
      const file = freshFile()
      const { part } = counting()
      yield* Effect.exit(opened(file).once("failed", Effect.fail("no")))
      appendFileSync(file, '["a",{"fou')
      const again = opened(file)
      assert.deepStrictEqual(yield* again.once("a", part), { found: 1 })
      assert.deepStrictEqual(yield* again.once("failed", part), { found: 2 })
      // And what follows a torn line is whole.
      assert.deepStrictEqual(yield* opened(file).once("a", part), { found: 1 })
    })
  )

  it("is not mixed with parts of another commit, seed or length", () => {
    const file = freshFile()
    opened(file)
    for (const other of [{ commit: "abd" }, { seed: 2 }, { short: false }]) {
      const problem = inFile(file, { ...origin, ...other })
      assert.isString(problem)
      assert.include(problem as string, "remove it")
    }
    assert.include(readFileSync(file, "utf8"), "abc")
  })

  it.effect("is nothing where there is no file, and nothing in the end", () =>
    Effect.gen(function* () {
      const { done, part } = counting()
      yield* none.once("a", part)
      yield* none.once("a", part)
      assert.strictEqual(done.times, 2)
      const file = freshFile()
      yield* opened(file).forget
      assert.isFalse(existsSync(file))
    })
  )
})
