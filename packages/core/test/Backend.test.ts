import { mkdirSync, mkdtempSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { Effect } from "effect"
import { loadNativeOps, nativeOps } from "../src/internal/kernels/nativeOps.ts"

/** Resident memory of libtensorflow's file, MiB. */
const residentOfLibrary = (): number => {
  let isLibrary = false
  let kilobytes = 0
  for (const line of readFileSync("/proc/self/smaps", "utf8").split("\n")) {
    if (/^[0-9a-f]+-[0-9a-f]+ /.test(line)) isLibrary = line.includes("libtensorflow_cc")
    const resident = isLibrary ? /^Rss:\s+(\d+) kB/.exec(line) : null
    kilobytes += Number(resident?.[1] ?? 0)
  }
  return kilobytes / 1024
}

describe("Backend", () => {
  it.effect(
    "says which build of the project's own ops it has, and keeps little of the library in memory",
    () =>
      Effect.gen(function* () {
        const { nativeOps } = yield* Backend
        assert.match(nativeOps ?? "", /^[0-9a-f]{12} \w+, compiler \S+/)
        const resident = residentOfLibrary()
        assert.isAbove(resident, 0)
        // 230 where all that loading has touched stays.
        assert.isBelow(resident, 120)
      }).pipe(Effect.provide(Backend.layerTensorflow({ threads: 2 })))
  )

  it.effect("does not compute with ops that were built of other sources", () =>
    Effect.gen(function* () {
      yield* Backend
      assert.isDefined(nativeOps())
      const other = mkdtempSync(join(tmpdir(), "moco-sources-"))
      for (const folder of ["binding", "kernels"]) mkdirSync(join(other, folder))
      assert.throws(() => loadNativeOps(other), /built of sources [0-9a-f]{12}, and here are/)
      assert.isUndefined(nativeOps())
      loadNativeOps()
    }).pipe(Effect.provide(Backend.layerTensorflow({ threads: 2 })))
  )
})
