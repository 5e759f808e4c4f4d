import { spawn } from "node:child_process"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import {
  checkpointsOf,
  fresh,
  processesOf,
  recorded,
  root,
  run,
  stepsOf,
  tinyRun,
  until
} from "../program.ts"

/** Starts `nx run` in a process group of its own, as a shell does; `signal` reaches the group, as Ctrl-C does. */
const startNx = (args: ReadonlyArray<string>) => {
  // Where these tests are run by nx, its settings are not ours.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("NX_")))
  const child = spawn(join(root, "node_modules/.bin/nx"), ["run", ...args], {
    cwd: root,
    env,
    detached: true
  })
  let output = ""
  child.stdout.on("data", (data) => (output += data))
  child.stderr.on("data", (data) => (output += data))
  const ended = new Promise<{ code: number | null; output: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, output }))
  )
  return { ended, output: () => output, signal: (name: NodeJS.Signals) => process.kill(-child.pid!, name) }
}

describe("a signal to nx", () => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    it(`${signal} lets a run save where it is and end before nx kills it`, async () => {
      const folder = fresh()
      const nx = startNx([
        "cli:train",
        ...tinyRun({ epochs: 400 }),
        "--checkpoint-every=never",
        `--out=${folder}`
      ])
      await until(() => stepsOf(folder).length > 3)
      nx.signal(signal)
      const { code, output } = await nx.ended
      assert.notStrictEqual(code, 0, output)
      // After Ctrl-C nx may show no more of what its task says.
      if (signal === "SIGTERM") assert.include(output, "stopped")
      assert.deepStrictEqual(processesOf(folder), [])
      assert.deepStrictEqual(checkpointsOf(folder).map(Number), [stepsOf(folder).length])
    }, 120_000)
  }

  it("stops a study with its runs, none of which becomes a result, and the study goes on later", async () => {
    const folder = fresh()
    const args = ["ablate", "--study=smoke", `--out=${folder}`]
    const nx = startNx(["cli:ablate", ...args.slice(1)])
    await until(() => recorded(folder).length >= 1)
    nx.signal("SIGINT")
    const { code, output } = await nx.ended
    assert.notStrictEqual(code, 0, output)
    assert.deepStrictEqual(processesOf(folder), [])
    assert.notInclude(readdirSync(folder), "study.lock")
    const done = recorded(folder)
    assert.isBelow(done.length, 6)
    assert.deepStrictEqual([...new Set(done.map(({ outcome }) => outcome))], ["completed"])

    const { stderr, stdout } = await run(...args)
    assert.include(stdout, `6 runs, of which ${done.length} are done already`, stderr)
    assert.strictEqual(recorded(folder).length, 6)
  }, 600_000)
})
