import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"

describe("The program that sets libtensorflow up refuses", () => {
  it("a flag it does not know, in a line and without a stack", () => {
    const entry = join(import.meta.dirname, "..", "..", "setup", "libtensorflow.ts")
    const { status, stderr } = spawnSync(process.execPath, [entry, "--gpu"], { encoding: "utf8" })
    assert.strictEqual(status, 1)
    assert.match(stderr, /^error: .*--gpu.*\n.*--cuda/s)
    assert.notMatch(stderr, /^ +at /m)
  })
})
