import { execFileSync } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { Effect } from "effect"

/** What the set-up has compiled: the C++ is no other in a copy. */
const addons = join("packages", "native", "build")

/** The workspace's own packages: in a copy they must be the copy's. */
const own = "@moco"

/**
 * A copy of the working tree, removed with the Scope: the mutations are made there and nowhere else.
 *
 * Dependencies are links to the tree's own, so nothing is installed or compiled again.
 */
export const copyOf = (tree: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const copy = mkdtempSync(join(tmpdir(), "moco-mutation-"))
      for (const file of filesOf(tree)) {
        mkdirSync(dirname(join(copy, file)), { recursive: true })
        cpSync(join(tree, file), join(copy, file))
      }
      linkDependencies(tree, copy)
      return copy
    }),
    (copy) => Effect.sync(() => rmSync(copy, { recursive: true, force: true }))
  )

/** What git knows or would know, as it is in the working tree. */
const filesOf = (tree: string): ReadonlyArray<string> => {
  const list = (...flags: ReadonlyArray<string>) =>
    execFileSync("git", ["ls-files", "-z", ...flags], { cwd: tree, encoding: "utf8" })
      .split("\0")
      .filter(Boolean)
  const deleted = new Set(list("--deleted"))
  return list("--cached", "--others", "--exclude-standard").filter((file) => !deleted.has(file))
}

const linkDependencies = (tree: string, copy: string): void => {
  const modules = join(copy, "node_modules")
  mkdirSync(join(modules, own), { recursive: true })
  for (const name of readdirSync(join(tree, "node_modules"))) {
    if (name !== own && name !== ".vite") symlinkSync(join(tree, "node_modules", name), join(modules, name))
  }
  symlinkSync(join(tree, addons), join(copy, addons))
  for (const name of readdirSync(join(tree, "node_modules", own))) {
    symlinkSync(join("..", "..", "packages", name), join(modules, own, name))
  }
}
