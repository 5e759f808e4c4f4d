import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { isSetUp } from "../../setup/isSetUp.ts"
import type { Plan } from "../../setup/Plan.ts"
import * as Stamp from "../../setup/Stamp.ts"
import { stampFileOf, type Wanted } from "../../setup/Wanted.ts"
import { installedLibrary } from "../../src/installed.ts"
import { freshOps, freshPlan, run } from "./fakePlan.ts"

/** The plan of a user who may not write into the owner's checkout. */
const guestOf = (owner: Plan) => ({
  ...owner,
  cacheDir: `${owner.cacheDir}-guest`,
  installDir: `${owner.cacheDir}-guest/addons/a`,
  isOwner: false
})

/** What a guest wants who has no place for a cache: he has no folder of his own. */
const withoutCache = (owner: Plan): Wanted => ({ ...owner, cacheDir: undefined, isOwner: false })

describe("libtensorflow is set up", () => {
  it.live("once a start has found all in place, and says so for the next one", () =>
    Effect.gen(function* () {
      const plan = freshPlan()
      assert.isFalse(isSetUp(plan))
      yield* run(plan)
      assert.isFalse(isSetUp(plan))
      yield* run(plan)
      assert.isTrue(isSetUp(plan))
    })
  )

  it.live("for a run without the project's own ops too, where they are there", () =>
    Effect.gen(function* () {
      const plan = freshPlan({ ops: freshOps("int op() { return one(); }") })
      const { ops: _, ...withoutOps } = plan
      yield* run(plan)
      yield* run(plan)
      assert.isTrue(isSetUp(withoutOps))
      assert.isTrue(isSetUp(guestOf(withoutOps)))
      yield* run(withoutOps)
      assert.isTrue(isSetUp(withoutOps))
      assert.isFalse(isSetUp(plan))
    })
  )

  it.live("with GPU kernels for whoever has not said that he wants none, and the other way round", () =>
    Effect.gen(function* () {
      for (const cuda of [true, false]) {
        const plan = freshPlan({ cuda })
        yield* run(plan)
        yield* run(plan)
        assert.isTrue(isSetUp({ ...plan, cuda: undefined }))
        assert.isTrue(isSetUp({ ...plan, cuda }))
        assert.isFalse(isSetUp({ ...plan, cuda: !cuda }))
        assert.strictEqual(installedLibrary(plan.installDir), "moco-fake-1.0")
      }
    })
  )

  it.live("in a folder of the user's own where the checkout is somebody else's", () =>
    Effect.gen(function* () {
      const owner = freshPlan()
      const guest = guestOf(owner)
      yield* run(guest)
      assert.isFalse(Stamp.holds(stampFileOf(owner), owner))
      yield* run(guest)
      assert.isTrue(isSetUp(guest))
      assert.include(readFileSync(stampFileOf(guest), "utf8"), join(guest.installDir, "tfjs_binding.node"))
      assert.isFalse(isSetUp(owner))
    })
  )

  it.live("by the owner too, where the user can read all of it", () =>
    Effect.gen(function* () {
      const owner = freshPlan()
      const guest = guestOf(owner)
      yield* run(owner)
      yield* run(owner)
      assert.isTrue(isSetUp(guest))
      // His compiler has no part in it, and he may have no cache.
      assert.isTrue(isSetUp({ ...guest, compilers: ["no-such-compiler"] }))
      assert.isTrue(isSetUp({ ...withoutCache(owner), compilers: ["no-such-compiler"] }))
      assert.isFalse(isSetUp({ ...withoutCache(owner), isOwner: true }))
      assert.isFalse(isSetUp({ ...guest, cuda: true }))
      // Nor does he run what lies in a cache that he has no reason to trust.
      assert.isFalse(isSetUp(guest, (cacheDir) => cacheDir !== owner.cacheDir))
      assert.isTrue(isSetUp(guest, (cacheDir) => cacheDir === owner.cacheDir))
      assert.isFalse(isSetUp(owner, (cacheDir) => cacheDir !== owner.cacheDir))
      // Once there is a set-up of his own, that one counts.
      mkdirSync(guest.installDir, { recursive: true })
      assert.isFalse(isSetUp(guest))
      rmSync(guest.installDir, { recursive: true })
      writeFileSync(join(owner.bindingPackage, "binding", "tfjs_binding.cc"), "int other() { return 3; }\n")
      assert.isFalse(isSetUp(guest))
    })
  )
})
