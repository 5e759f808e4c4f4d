import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it, onTestFinished, vi } from "@effect/vitest"
import { bestSet, fileOfOps, type InstructionSet } from "../src/InstructionSets.ts"
import { bestBuildIn, loadNativeLibrary } from "../src/NativeLibrary.ts"

const sets = ["wide", "middle", "narrow"].map((name) => ({ name, compilerFlags: [], needs: [name] }))

/** A folder with the ops for the sets of these names. */
const folderWith = (...names: ReadonlyArray<string>) => {
  const folder = mkdtempSync(join(tmpdir(), "moco-builds-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const set of sets) if (names.includes(set.name)) writeFileSync(join(folder, fileOfOps(set)), "")
  return folder
}

const ofProcessorWith =
  (...features: ReadonlyArray<string>) =>
  (built?: ReadonlyArray<InstructionSet>) =>
    bestSet(features, built)

const unasked = () => {
  throw new Error("was asked")
}

describe("The build of the ops that is loaded", () => {
  it("is the best of those there are that the processor can run", () => {
    const folder = folderWith("middle", "narrow")
    const buildFor = (...features: ReadonlyArray<string>) =>
      bestBuildIn(folder, sets, ofProcessorWith(...features))
    const middle = sets[1]!
    assert.deepStrictEqual(buildFor("wide", "middle", "narrow"), {
      set: middle,
      file: join(folder, fileOfOps(middle))
    })
    assert.strictEqual(buildFor("wide", "narrow")?.set.name, "narrow")
    assert.isUndefined(buildFor("wide"))
  })

  it("is none where none is there, and the processor is not asked", () => {
    assert.isUndefined(bestBuildIn(folderWith(), sets, unasked))
  })

  it("is not looked for where MOCO_NATIVE_OPS is 0", () => {
    vi.stubEnv("MOCO_NATIVE_OPS", "0")
    onTestFinished(() => void vi.unstubAllEnvs())
    assert.isUndefined(loadNativeLibrary(undefined, unasked))
    vi.stubEnv("MOCO_NATIVE_OPS", "1")
    assert.throws(() => loadNativeLibrary(undefined, unasked), "was asked")
  })
})
