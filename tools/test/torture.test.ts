import { execFile } from "node:child_process"
import { join } from "node:path"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"

const torture = join(import.meta.dirname, "../torture.ts")

describe("torture --short", () => {
  it("finds every promise kept: kills, signals, damage, faults, hostile bytes, leaks", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [torture, "--short"], {
      maxBuffer: 1 << 24
    })
    const { ok, ...proofs } = JSON.parse(stdout.trimEnd().split("\n").at(-1)!)
    assert.isTrue(ok, stdout)
    assert.includeMembers(Object.keys(proofs), ["corruption", "points", "fuzz", "signals", "kills", "leaks"])
    // A proof that tried nothing would be kept too.
    assert.deepInclude(proofs.kills.counts, { kills: 3, equalState: 3 })
    assert.deepInclude(proofs.points.counts, { equal: 6, of: 6 })
    assert.isAbove(proofs.corruption.counts.faultPoints, 10)
    assert.strictEqual(proofs.signals.counts.saved, 2)
  }, 600_000)
})
