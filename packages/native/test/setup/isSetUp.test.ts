import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { isSetUp } from "../../setup/isSetUp.ts"
import type { Plan } from "../../setup/Plan.ts"
import * as Stamp from "../../setup/Stamp.ts"
import { keyOf, stampFileOf } from "../../setup/Wanted.ts"
import { freshPlan, run } from "./fakePlan.ts"

/** The plan of a user who may not write into the owner's checkout. */
const guestOf = (owner: Plan) => ({
  ...owner,
  cacheDir: `${owner.cacheDir}-guest`,
  linkDir: `${owner.cacheDir}-guest/addons/a`
})

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

  it.live("in a folder of the user's own where the checkout is somebody else's", () =>
    Effect.gen(function* () {
      const owner = freshPlan()
      const guest = guestOf(owner)
      yield* run(guest)
      assert.isFalse(Stamp.holds(stampFileOf(owner), keyOf(owner)))
      yield* run(guest)
      assert.isTrue(isSetUp(guest))
      assert.include(readFileSync(stampFileOf(guest), "utf8"), join(guest.linkDir, "tfjs_binding.node"))
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
      assert.isFalse(isSetUp({ ...guest, cuda: true }))
      // Once there is a set-up of his own, that one counts.
      mkdirSync(guest.linkDir, { recursive: true })
      assert.isFalse(isSetUp(guest))
      rmSync(guest.linkDir, { recursive: true })
      writeFileSync(join(owner.bindingPackage, "binding", "tfjs_binding.cc"), "int other() { return 3; }\n")
      assert.isFalse(isSetUp(guest))
    })
  )
})
