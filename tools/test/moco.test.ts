import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { needsLibrary } from "../moco/needsLibrary.ts"

const root = join(import.meta.dirname, "..", "..")
const bin = join(root, "packages", "cli", "bin", "moco")

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

  it("sets up libtensorflow before the commands that compute, until that is done", () => {
    for (const command of ["train", "ablate", "bench", "parity"]) {
      assert.isTrue(
        needsLibrary([command], () => false),
        command
      )
      assert.isFalse(
        needsLibrary([command], () => true),
        command
      )
    }
    for (const args of [["doctor"], ["settings"], ["plot"], ["nonsense"], [], ["train", "--help"]])
      assert.isFalse(
        needsLibrary(args, () => false),
        args.join(" ")
      )
  })
})
