import { tmpdir } from "node:os"
import { assert, describe, it } from "@effect/vitest"
import { wantedBy } from "../../setup/Wanted.ts"
import { withGpuKernels } from "../../setup/Wheel.ts"

const wanted = (
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform = "linux",
  arch: NodeJS.Architecture = "x64"
) => wantedBy({ arch, platform, env: { HOME: tmpdir(), ...env } })

describe("what a process asks of the set-up", () => {
  it("is the library that is installed, or the one that MOCO_CUDA names", () => {
    const { cuda } = wanted({})
    assert.deepStrictEqual(
      [cuda, ...["", "1", "0"].map((value) => wanted({ MOCO_CUDA: value }).cuda)],
      [undefined, undefined, true, false]
    )
    const installed = ["tensorflow-cuda-2.20.0-linux-x64", "tensorflow-cpu-2.21.0-linux-x64", undefined]
    assert.deepStrictEqual(
      [undefined, true, false].map((asked) => installed.map((library) => withGpuKernels(asked, library))),
      [
        [true, false, false],
        [true, true, true],
        [false, false, false]
      ]
    )
  })

  it("is the compiler that CXX names, with its arguments, or one of the usual ones", () => {
    assert.deepStrictEqual(wanted({}).compilers, ["c++", "g++", "clang++"])
    assert.deepStrictEqual(wanted({ CXX: " " }).compilers, ["c++", "g++", "clang++"])
    assert.deepStrictEqual(wanted({ CXX: " ccache g++ " }).compilers, ["ccache g++"])
  })

  it("is the project's own ops, where the platform has them and nobody does without", () => {
    assert.isNotEmpty(wanted({}).ops?.sets)
    assert.isUndefined(wanted({ MOCO_NATIVE_OPS: "0" }).ops)
    assert.isDefined(wanted({ MOCO_NATIVE_OPS: "1" }).ops)
    assert.isUndefined(wanted({}, "darwin", "arm64").ops)
  })

  it("is of this system, and in this cache", () => {
    const { cacheDir, isOwner, installDir, ownersInstallDir, system } = wanted({ MOCO_CACHE_DIR: "/a/cache" })
    assert.deepStrictEqual([system, cacheDir], ["linux x64", "/a/cache"])
    // Whoever runs the tests has the checkout.
    assert.isTrue(isOwner)
    assert.strictEqual(installDir, ownersInstallDir)
  })
})
