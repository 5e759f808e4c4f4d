import { execFile } from "node:child_process"
import { join } from "node:path"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"

const torture = join(import.meta.dirname, "../../torture.ts")

describe("torture --short", () => {
  it("finds every promise kept: kills, signals, damage, faults, hostile bytes, leaks", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [torture, "--short"], {
      maxBuffer: 1 << 24
    })
    const { ok, ...proofs } = JSON.parse(stdout.trimEnd().split("\n").at(-1)!)
    assert.isTrue(ok, stdout)
    const { corruption, fuzz, kills, leaks, points, saving, signals } = proofs
    // A proof that tried nothing would be kept too.
    assert.deepInclude(kills.counts, { kills: 3, queue: 1, memoryBank: 1, endToEnd: 1, equal: 3 })
    assert.isAtLeast(kills.counts.insideASave, 1)
    assert.deepInclude(points.counts, { equal: 6, of: 6 })
    assert.deepInclude(corruption.counts, {
      flips: 20,
      truncations: 20,
      removals: 4,
      swaps: 108,
      folderSwaps: 12
    })
    for (const name of ["newStep", "replacement", "pruning"]) {
      assert.isAbove(corruption.counts[`${name}FaultPoints`], 30)
    }
    assert.isAbove(corruption.counts.leftOld, 0)
    assert.isAbove(corruption.counts.leftNew, 0)
    // Only what was signed anew can be accepted: the schema was reached.
    assert.isAbove(fuzz.counts.manifestAccepted, 50)
    for (const name of ["idx", "gzip", "safetensors", "config", "yaml", "runLog", "trials"]) {
      assert.isAbove(fuzz.counts[`${name}Accepted`], 10, name)
    }
    assert.strictEqual(signals.counts.saved, 2)
    assert.strictEqual(saving.counts.saves, 5)
    assert.isAbove(saving.counts.holdUpMedianMs, 0)
    assert.deepInclude(leaks.counts, { steps: 250, checkpoints: 25 })
  }, 1_800_000)
})
