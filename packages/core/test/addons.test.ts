import { execFile } from "node:child_process"
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { assert, describe, it, onTestFinished } from "@effect/vitest"
import { addonsDir, addonsDirFor } from "../src/internal/addons.ts"
import { variables } from "../src/ProcessEnvironment.ts"

const fresh = () => {
  const dir = mkdtempSync(join(tmpdir(), "moco-addons-"))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** Who may write everywhere is told apart from others by a file system alone. */
const isRoot = process.getuid?.() === 0

describe("The folder of the addons", () => {
  it("is the package's where it can be written to, and the user's own where it cannot", () => {
    const dir = fresh()
    const packageDir = join(dir, "package")
    mkdirSync(packageDir)
    assert.strictEqual(addonsDirFor(packageDir, "/cache"), join(packageDir, "lib", "napi-v8"))
    chmodSync(packageDir, 0o555)
    // Not even root may write to /proc.
    const foreign = isRoot ? "/proc/1" : packageDir
    const own = addonsDirFor(foreign, "/cache")
    assert.match(own, /^\/cache\/addons\/[0-9a-f]{16}\/napi-v8$/)
    assert.notStrictEqual(addonsDirFor(`${foreign}/fd`, "/cache"), own)
  })

  const loads = (name: string, prepare: string, isOwn: boolean) =>
    it(name, async () => {
      const dir = fresh()
      const addons = join(dir, "napi-v8")
      cpSync(addonsDir(), addons, { recursive: true })
      const script = `
        ${prepare.replaceAll("ADDONS", JSON.stringify(addons))}
        const { Backend } = await import("@moco/core/Backend")
        const { Effect } = await import("effect")
        const tf = await import("@tensorflow/tfjs-core")
        const use = Effect.map(Backend, ({ version }) => version + " " + tf.add(1, 2).dataSync()[0])
        const { readFileSync } = await import("node:fs")
        console.log(await Effect.runPromise(Effect.scoped(Effect.provide(use, Backend.layerTensorflow()))))
        console.log(readFileSync("/proc/self/maps", "utf8").includes(${JSON.stringify(addons)} + "/tfjs_binding.node"))
      `
      const env = Object.fromEntries(
        Object.entries(process.env).filter(([name]) => !variables.some((variable) => variable.name === name))
      )
      const args = ["--input-type=module", "-e", script]
      const options = { cwd: import.meta.dirname, env }
      const { stderr, stdout } = await promisify(execFile)(process.execPath, args, options)
      assert.match(stdout, /^2\.\d+\.\d+ 3\n/)
      if (process.platform === "linux") assert.strictEqual(stdout.split("\n")[1], String(isOwn))
      // A program of a user's own, which has prepared nothing: TensorFlow's notes stay out of it.
      assert.strictEqual(stderr, "")
    })

  loads("of the package is what is loaded, without TensorFlow's notes", "", false)

  loads(
    "of the user's own is what the package loads its binding from",
    `
      const { redirectBindingTo } = await import("@moco/core/internal/addons")
      redirectBindingTo(ADDONS)
    `,
    true
  )
})
