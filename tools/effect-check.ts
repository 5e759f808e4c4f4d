import { spawnSync } from "node:child_process"
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs"
import { join } from "node:path"

/**
 * What only a compiler that knows Effect sees, in all of the house at once: effects that nothing runs, a `yield` without
 * its star, errors that are caught where none can be.
 *
 *     npm run effect-check [-- PROJECT]
 *
 * Microsoft's native compiler as Effect's authors build it. Its package has the program alone, and a compiler finds the
 * types of the language beside itself: both are put into one folder.
 */
const root = join(import.meta.dirname, "..")
const modules = join(root, "node_modules")
const [project = join(root, "tsconfig.effect.json")] = process.argv.slice(2)

const { version } = JSON.parse(readFileSync(join(modules, "@typescript/native/package.json"), "utf8"))
const compiler = join(modules, "@effect/tsgo-linux-x64/artifacts/typescript", version, "tsc")
const types = join(modules, "@typescript/typescript-linux-x64/lib")
const folder = join(root, ".tsbuild", "effect-check")

const refuse = (problem: string, hint: string): never => {
  process.stderr.write(`error: ${problem}\n  ${hint}\n`)
  return process.exit(2)
}

for (const needed of [compiler, types]) {
  if (existsSync(needed)) continue
  refuse(
    `${needed} is not there: Effect's checks have a build for Linux on x64 alone, and for a TypeScript of their own`,
    "run them there (CI does), with npm ci not told to omit optional packages"
  )
}

/** By rename: a program that runs is not written to, when two check at once. */
const put = (from: string, name: string) => {
  const to = join(folder, name)
  const part = `${to}.${process.pid}`
  copyFileSync(from, part)
  renameSync(part, to)
}

mkdirSync(folder, { recursive: true })
for (const name of readdirSync(types)) if (name.endsWith(".d.ts")) put(join(types, name), name)
put(compiler, "tsc")

const { error, status } = spawnSync(join(folder, "tsc"), ["-p", project], { stdio: "inherit" })
if (error !== undefined) refuse(`${join(folder, "tsc")} cannot be started: ${error.message}`, "run npm ci")
process.exit(status ?? 1)
