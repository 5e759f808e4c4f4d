import { execFile } from "node:child_process"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Plan } from "../libtensorflow/Plan.ts"
import * as Stamp from "../libtensorflow/Stamp.ts"
import { keyOf, linkDirOf, stampFileOf } from "../libtensorflow/Wanted.ts"
import { needsLibrary } from "../moco/needsLibrary.ts"
import { freshPlan, run } from "./fakePlan.ts"

const root = join(import.meta.dirname, "..", "..")
const bin = join(root, "packages", "cli", "bin", "moco")

/** The plan of a user who may not write into the owner's checkout. */
const guestOf = (owner: Plan) => ({
  ...owner,
  cacheDir: `${owner.cacheDir}-guest`,
  linkDir: `${owner.cacheDir}-guest/addons/a`
})

describe("npx moco", () => {
  it("starts on the Node that npm ci brings, where the system has none or another, and says only what the program says", async () => {
    // A folder of programs without a Node; what a shell script needs is there.
    const { stderr, stdout } = await promisify(execFile)(bin, ["--version"], {
      cwd: "/",
      env: { PATH: "/usr/bin:/bin", HOME: process.env["HOME"] }
    })
    assert.deepStrictEqual([stdout, stderr], ["moco 0.0.0\n", ""])
  })

  it("is what npm links into the checkout", () => {
    const manifest = JSON.parse(readFileSync(join(root, "packages", "cli", "package.json"), "utf8"))
    const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"))
    assert.deepStrictEqual(manifest.bin, { moco: "bin/moco" })
    assert.deepStrictEqual(lock.packages["packages/cli"].bin, manifest.bin)
  })

  it.live("sets up libtensorflow before the commands that compute, until that is done", () =>
    Effect.gen(function* () {
      const plan = freshPlan()
      const needs = (...args: ReadonlyArray<string>) => needsLibrary(args, plan)
      for (const command of ["train", "ablate", "bench", "parity"]) assert.isTrue(needs(command), command)
      for (const command of ["doctor", "settings", "plot", "nonsense"])
        assert.isFalse(needs(command), command)
      assert.isFalse(needs())
      assert.isFalse(needs("train", "--help"))
      yield* run(plan)
      // The start that finds all in place says so for the next one.
      yield* run(plan)
      assert.isFalse(needs("train"))
    })
  )

  it.live("links into a folder of the user's own where the checkout is somebody else's", () =>
    Effect.gen(function* () {
      const owner = freshPlan()
      const guest = guestOf(owner)
      yield* run(guest)
      assert.isFalse(Stamp.holds(stampFileOf(owner), keyOf(owner)))
      yield* run(guest)
      assert.isFalse(needsLibrary(["train"], guest))
      assert.include(readFileSync(stampFileOf(guest), "utf8"), join(linkDirOf(guest), "tfjs_binding.node"))
      assert.isTrue(needsLibrary(["train"], owner))
    })
  )

  it.live("takes what the owner has set up where the user can read all of it", () =>
    Effect.gen(function* () {
      const owner = freshPlan()
      const guest = guestOf(owner)
      yield* run(owner)
      yield* run(owner)
      assert.isFalse(needsLibrary(["train"], guest))
      assert.isTrue(needsLibrary(["train"], { ...guest, cuda: true }))
      // Once there is a set-up of his own, that one counts.
      mkdirSync(guest.linkDir, { recursive: true })
      assert.isTrue(needsLibrary(["train"], guest))
      rmSync(guest.linkDir, { recursive: true })
      writeFileSync(join(owner.packageDir, "binding", "tfjs_binding.cc"), "int other() { return 3; }\n")
      assert.isTrue(needsLibrary(["train"], guest))
    })
  )
})
