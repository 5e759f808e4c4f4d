import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Plan } from "../../setup/Plan.ts"
import * as Stamp from "../../setup/Stamp.ts"
import { stampFileOf } from "../../setup/Wanted.ts"
import { anySet, freshHeaders, freshOps, freshPlan, run } from "./fakePlan.ts"

/** What nobody sets up. */
const wanted = freshPlan()

const holds = (plan: Plan) => Stamp.holds(stampFileOf(plan), plan)

describe("The stamp of a set-up", () => {
  it.live("is left by a start that found all in place, and holds until a part of it changes", () =>
    Effect.gen(function* () {
      const ops = freshOps("int op() { return one(); }")
      const plan = freshPlan({ ops, napiIncludeDir: freshHeaders("#define NAPI_OLD 1\n") })
      yield* run(plan)
      // Not by the one that made it: what changed meanwhile would never be looked at.
      assert.isFalse(holds(plan))
      yield* run(plan)
      assert.isTrue(holds(plan))
      const others = [
        { cacheDir: "/elsewhere" },
        { compilers: ["another"] },
        { cuda: true },
        { system: "darwin arm64" },
        { ops: { ...ops, sets: [{ ...anySet, compilerFlags: ["-O1"] }] } }
      ]
      for (const other of others) {
        assert.isFalse(Stamp.holds(stampFileOf(plan), { ...plan, ...other }), Object.keys(other).join())
      }
      const library = join(plan.cacheDir, "moco-fake-1.0")
      const parts = [
        join(ops.dir, "kernels", "family", "op.cc"),
        join(ops.dir, "kernels", "shared", "shared.h"),
        join(ops.dir, "kernels", "family"),
        join(ops.dir, "kernels"),
        join(ops.dir, "binding"),
        join(plan.bindingPackage, "binding", "tfjs_binding.cc"),
        join(plan.napiIncludeDir, "node_api.h"),
        plan.napiIncludeDir,
        join(plan.installDir, "tfjs_binding.node"),
        join(plan.installDir, "moco_ops.any.node"),
        join(library, "manifest.json"),
        join(library, "tensorflow", "libtwo.so.2"),
        ...compiledOf(plan)
      ]
      for (const part of parts) {
        const { atime, mtime } = statSync(part)
        utimesSync(part, atime, new Date(mtime.getTime() + 1000))
        assert.isFalse(holds(plan), basename(part))
        // All is as it should be, so this start only looks, and says so for the next one.
        yield* run(plan)
        assert.isTrue(holds(plan), basename(part))
      }
    })
  )

  it("does not hold after a file was written, came or went, or was missing from the beginning", () => {
    const dir = mkdtempSync(join(tmpdir(), "stamp-"))
    const folder = join(dir, "sources")
    const source = join(folder, "op.cc")
    mkdirSync(folder)
    writeFileSync(source, "1")
    const file = join(dir, "stamp.json")
    const stamped = () => {
      Stamp.write(file, Stamp.take(wanted, [folder, source]))
      assert.isTrue(Stamp.holds(file, wanted))
    }
    stamped()
    writeFileSync(source, "22")
    assert.isFalse(Stamp.holds(file, wanted))
    stamped()
    writeFileSync(join(folder, "another.cc"), "")
    assert.isFalse(Stamp.holds(file, wanted))
    stamped()
    rmSync(source)
    assert.isFalse(Stamp.holds(file, wanted))
    Stamp.write(file, Stamp.take(wanted, [folder, source]))
    assert.isFalse(Stamp.holds(file, wanted))
  })

  it("does not hold when it is damaged, and a place that cannot be written to is no failure", () => {
    const dir = mkdtempSync(join(tmpdir(), "stamp-"))
    writeFileSync(join(dir, "torn"), '{"setUpFor":{},"sta')
    assert.isFalse(Stamp.holds(join(dir, "torn"), wanted))
    symlinkSync("loop", join(dir, "loop"))
    Stamp.write(join(dir, "looping"), Stamp.take(wanted, [join(dir, "loop")]))
    assert.isFalse(Stamp.holds(join(dir, "looping"), wanted))
    Stamp.write(dir, Stamp.take(wanted, []))
    assert.isFalse(Stamp.holds(dir, wanted))
  })
})

const compiledOf = ({ cacheDir }: Plan) =>
  readdirSync(join(cacheDir, "bindings")).map((name) => join(cacheDir, "bindings", name))
