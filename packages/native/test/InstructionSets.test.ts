import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import { bestSet, featuresIn, fileOfOps, hasSets, instructionSets } from "../src/InstructionSets.ts"

const made = [
  { name: "wide", compilerFlags: ["-mwide"], needs: ["wide", "fused"] },
  { name: "middle", compilerFlags: ["-mmiddle"], needs: ["middle", "fused"] },
  { name: "narrow", compilerFlags: [], needs: [] }
]

describe("The instruction set that the ops are loaded for", () => {
  it("is the best one of which the processor has all that it needs", () => {
    const cases = [
      [["fpu", "fused", "middle", "wide"], "wide"],
      [["fused", "middle"], "middle"],
      // A feature is not a part of another one's name.
      [["fused", "middle", "wider"], "middle"],
      [["wide", "middle"], "narrow"],
      [[], "narrow"]
    ] as const
    for (const [features, name] of cases)
      assert.strictEqual(bestSet(features, made)?.name, name, features.join(" "))
    assert.isUndefined(bestSet(["fused"], made.slice(0, 2)))
  })

  it("is always one that the processor can run, and never worse than another one that it can", () => {
    const features = fc.subarray(["wide", "middle", "fused", "other"])
    fc.assert(
      fc.property(features, fc.shuffledSubarray(made), (has, sets) => {
        const canRun = sets.filter(({ needs }) => needs.every((need) => has.includes(need)))
        assert.strictEqual(bestSet(has, sets), canRun[0])
      })
    )
  })

  it("of those there are needs AVX2 and FMA, on Linux and x86", () => {
    assert.strictEqual(bestSet(["fma", "avx", "avx2"])?.name, "avx2")
    assert.isUndefined(bestSet(["avx", "avx2"]))
    assert.isUndefined(bestSet(["avx", "fma"]))
    assert.isTrue(hasSets("linux", "x64"))
    for (const [platform, arch] of [
      ["darwin", "x64"],
      ["darwin", "arm64"],
      ["linux", "arm64"],
      ["win32", "x64"]
    ] as const)
      assert.isFalse(hasSets(platform, arch), `${platform} ${arch}`)
  })

  it("is read off the flags of the first processor", () => {
    const cpuinfo =
      "processor\t: 0\nmodel name\t: any avx512f\nflags\t\t: fpu avx2  fma\n\nprocessor\t: 1\nflags\t\t: fpu\n"
    assert.deepStrictEqual(featuresIn(cpuinfo), ["fpu", "avx2", "fma"])
    assert.deepStrictEqual(featuresIn("processor\t: 0\nFeatures\t: neon\n"), [])
    assert.deepStrictEqual(featuresIn(""), [])
  })

  it("has a file of its own", () => {
    const files = instructionSets.map(fileOfOps)
    assert.strictEqual(new Set(files).size, instructionSets.length)
    assert.include(files, "moco_ops.avx2.node")
  })
})
