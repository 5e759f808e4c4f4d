import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { arrowsOf, packages } from "../room.ts"

const root = join(import.meta.dirname, "../..")

const filesIn = (folder: string): ReadonlyArray<string> =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.includes("node_modules"))
    .map((name) => join(folder, name))

/** What a file imports, as it stands there. */
const importsOf = (file: string): ReadonlyArray<string> =>
  [...readFileSync(join(root, file), "utf8").matchAll(/(?:from|import\()\s*"([^"]+)"/g)].map(
    ([, name]) => name!
  )

const all = [...packages.map((name) => `packages/${name}`), "examples", "tools"].flatMap(filesIn)

describe("the packages", () => {
  it("point down only: each depends on none that stands above it", () => {
    for (const [place, name] of packages.entries()) {
      const below: ReadonlyArray<string> = packages.slice(0, place)
      assert.deepStrictEqual(
        arrowsOf(name).filter((other) => !below.includes(other)),
        [],
        name
      )
    }
  })

  it("are those that there are", () => {
    assert.sameMembers(readdirSync(join(root, "packages")), [...packages])
  })

  it("are entered by their names: no file climbs into another package's folder", () => {
    const climbing = all.flatMap((file) => {
      const [own] = /^packages\/[^/]+/.exec(file) ?? []
      return importsOf(file)
        .filter((name) => name.startsWith("."))
        .map((name) => relative(root, join(root, dirname(file), name)))
        .filter(
          (target) => target.startsWith("packages/") && (own === undefined || !target.startsWith(`${own}/`))
        )
        .map((target) => `${file}: ${target}`)
    })
    // What starts a program is its file, and what is set before any package is loaded cannot come from one.
    const starts = [
      "tools/moco.ts: packages/cli/src/main.ts",
      "tools/test-setup.ts: packages/core/src/ProcessEnvironment.ts"
    ]
    assert.deepStrictEqual(
      climbing.filter((line) => !starts.includes(line)),
      []
    )
  })

  it("are used by examples and tools without the command line", () => {
    const users = all.filter((file) => /^(examples|tools)\//.test(file))
    const found = users.flatMap((file) =>
      importsOf(file)
        .filter((name) => name.startsWith("@moco/cli"))
        .map((name) => `${file}: ${name}`)
    )
    assert.isAbove(users.length, 50)
    assert.deepStrictEqual(found, [])
  })
})
