import { spawnSync } from "node:child_process"
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

/**
 * What only a compiler that knows Effect sees, in all of the house at once: effects that nothing runs, a `yield` without
 * its star, errors that are caught where none can be.
 *
 *     npm run effect-check
 *
 * Microsoft's native compiler as Effect's authors build it. Its package has the program alone, and a compiler finds the
 * types of the language beside itself: both are put into one folder.
 */
const root = join(import.meta.dirname, "..")
const modules = join(root, "node_modules")
const folder = join(root, ".tsbuild", "effect-check")

const { version } = JSON.parse(readFileSync(join(modules, "@typescript/native/package.json"), "utf8"))
const compiler = join(modules, "@effect/tsgo-linux-x64/artifacts/typescript", version, "tsc")
const types = join(modules, "@typescript/typescript-linux-x64/lib")

if (!existsSync(compiler)) {
  process.stderr.write(
    `error: ${compiler} is not there: Effect's checks have a build for Linux on x64 alone, and for a TypeScript of their own\n` +
      "  run them there (CI does), with npm ci not told to omit optional packages\n"
  )
  process.exit(2)
}

mkdirSync(folder, { recursive: true })
for (const name of readdirSync(types).filter((name) => name.endsWith(".d.ts")))
  copyFileSync(join(types, name), join(folder, name))
copyFileSync(compiler, join(folder, "tsc"))

const { status } = spawnSync(join(folder, "tsc"), ["-p", join(root, "tsconfig.effect.json")], {
  stdio: "inherit"
})
process.exit(status ?? 1)
