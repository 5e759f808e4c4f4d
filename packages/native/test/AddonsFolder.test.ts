import { execFile } from "node:child_process"
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { assert, describe, it, onTestFinished } from "@effect/vitest"
import { addonsDir, addonsDirFor } from "../src/AddonsFolder.ts"

const fresh = () => {
  const dir = mkdtempSync(join(tmpdir(), "moco-addons-"))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** Who may write everywhere is told apart from others by a file system alone. */
const isRoot = process.getuid?.() === 0

describe("The folder of the addons", () => {
  it("is the checkout's where it can be written to, and the user's own where it cannot", () => {
    const packageDir = join(fresh(), "package")
    mkdirSync(packageDir)
    assert.strictEqual(addonsDirFor(packageDir, "/cache"), join(packageDir, "build"))
    chmodSync(packageDir, 0o555)
    // Not even root may write to /proc.
    const foreign = isRoot ? "/proc/1" : packageDir
    const own = addonsDirFor(foreign, "/cache")
    assert.match(own, /^\/cache\/addons\/[0-9a-f]{16}$/)
    assert.notStrictEqual(addonsDirFor(`${foreign}/fd`, "/cache"), own)
    // Without a cache there is no other place.
    assert.strictEqual(addonsDirFor(foreign, undefined), join(foreign, "build"))
  })

  it("is where tfjs-node is made to load its binding from, whichever it is", async () => {
    const addons = join(fresh(), "addons")
    cpSync(addonsDir(), addons, { recursive: true })
    const script = `
      const { redirectBindingTo } = await import("@moco/native/AddonsFolder")
      redirectBindingTo(${JSON.stringify(addons)})
      const { default: tf } = await import("@tensorflow/tfjs-node-gpu")
      console.log(tf.add(1, 2).dataSync()[0], tf.backend().binding === undefined)
      const { readFileSync } = await import("node:fs")
      const loaded = readFileSync("/proc/self/maps", "utf8").match(/\\/\\S+\\/tfjs_binding\\.node/g)
      console.log([...new Set(loaded)].join())
    `
    const args = ["--input-type=module", "-e", script]
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname })
    assert.strictEqual(stdout, `3 false\n${join(addons, "tfjs_binding.node")}\n`)
  })
})
