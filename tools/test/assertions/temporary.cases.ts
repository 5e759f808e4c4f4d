import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"

const folder = mkdtempSync(join(tmpdir(), "left-"))

it("passes: a test that leaves temporary files behind", () => {
  writeFileSync(join(folder, "file"), "left")
  assert.notStrictEqual(folder, "")
})
