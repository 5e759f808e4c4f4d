import { execFile } from "node:child_process"
import { join } from "node:path"
import { promisify } from "node:util"
import { assert, it } from "@effect/vitest"
import { addonsDir, bindingFile } from "@moco/native/AddonsFolder"
import { variables } from "../src/ProcessEnvironment.ts"

it("the binding that tfjs-node loads is the one that the set-up has linked, and TensorFlow says nothing meanwhile", async () => {
  const script = `
    const { Backend } = await import("@moco/core/Backend")
    const { Effect } = await import("effect")
    const tf = await import("@tensorflow/tfjs-core")
    const use = Effect.map(Backend, ({ version }) => version + " " + tf.add(1, 2).dataSync()[0])
    const { readFileSync } = await import("node:fs")
    console.log(await Effect.runPromise(Effect.scoped(Effect.provide(use, Backend.layerTensorflow()))))
    const loaded = readFileSync("/proc/self/maps", "utf8").match(/\\/\\S+\\/tfjs_binding\\.node/g)
    console.log([...new Set(loaded)].join())
  `
  // A program of a user's own, which has prepared nothing.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !variables.some((variable) => variable.name === name))
  )
  const args = ["--input-type=module", "-e", script]
  const { stderr, stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: import.meta.dirname,
    env
  })
  const [computed, loaded] = stdout.split("\n")
  assert.match(computed!, /^2\.\d+\.\d+ 3$/)
  if (process.platform === "linux") assert.strictEqual(loaded, join(addonsDir(), bindingFile))
  assert.strictEqual(stderr, "")
})
