import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { distributionFor } from "../../setup/Wheel.ts"

describe("The wheel for a system refuses, and says what to do,", () => {
  const systems = [
    ["Alpine", { platform: "linux", arch: "x64", isGlibc: false }, false, "musl", "Debian"],
    [
      "Linux arm64",
      { platform: "linux", arch: "arm64", isGlibc: true },
      false,
      "for linux arm64",
      "Linux x64"
    ],
    ["Windows", { platform: "win32", arch: "x64", isGlibc: true }, false, "for win32 x64", "WSL 2"],
    ["CUDA on a Mac", { platform: "darwin", arch: "arm64", isGlibc: true }, true, "no GPU kernels", "--cuda"]
  ] as const
  for (const [title, system, cuda, problem, hint] of systems) {
    it.effect(title, () =>
      Effect.map(Effect.flip(distributionFor(system, cuda)), (error) => {
        assert.strictEqual(error._tag, "PlatformUnsupported")
        assert.include(error.problem, problem)
        assert.include(error.hint, hint)
      })
    )
  }

  it.effect("nothing on Linux x64 and macOS arm64, each with wheels of its own", () =>
    Effect.gen(function* () {
      const ids = yield* Effect.all([
        distributionFor({ platform: "linux", arch: "x64", isGlibc: true }, false),
        distributionFor({ platform: "linux", arch: "x64", isGlibc: true }, true),
        distributionFor({ platform: "darwin", arch: "arm64", isGlibc: true }, false)
      ])
      assert.strictEqual(new Set(ids.map(({ id }) => id)).size, 3)
    })
  )
})
