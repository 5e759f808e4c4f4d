import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it, onTestFinished } from "@effect/vitest"
import { hashOfSources, packageDir, sourcesIn } from "../src/sources.ts"

/** A copy of the C++ that is part of a program. */
const copyOfSources = () => {
  const root = mkdtempSync(join(tmpdir(), "moco-sources-"))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  for (const folder of ["binding", "kernels"])
    cpSync(join(packageDir, folder), join(root, folder), { recursive: true })
  return root
}

describe("The hash of the sources", () => {
  it("is of what is in them and by which names, wherever they lie", () => {
    assert.strictEqual(hashOfSources(copyOfSources()), hashOfSources(packageDir))
  })

  it("changes with every one of them, in whichever folder, and with none that is no source", () => {
    const root = copyOfSources()
    const before = hashOfSources(root)
    const { files, folders } = sourcesIn(root)
    assert.includeMembers(folders, ["binding", "kernels", join("kernels", "winograd")])
    for (const name of files) {
      const change = (text: string) => writeFileSync(join(root, name), text)
      change("// another text")
      assert.notStrictEqual(hashOfSources(root), before, name)
      cpSync(join(packageDir, name), join(root, name))
    }
    assert.strictEqual(hashOfSources(root), before)
    writeFileSync(join(root, "kernels", "winograd", "notes.md"), "no source")
    assert.strictEqual(hashOfSources(root), before)
  })

  it("changes with a new family and with a new name", () => {
    const root = copyOfSources()
    const before = hashOfSources(root)
    mkdirSync(join(root, "kernels", "another"))
    writeFileSync(join(root, "kernels", "another", "op.cc"), "")
    const withAnother = hashOfSources(root)
    assert.notStrictEqual(withAnother, before)
    renameSync(join(root, "kernels", "another"), join(root, "kernels", "renamed"))
    assert.notStrictEqual(hashOfSources(root), withAnother)
  })
})
