import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { checkpointsOf, fresh, main, processesOf, root, stepsOf, tinyRun, until } from "../program.ts"

/** Where these tests are run by nx, its settings are not ours. */
const withoutNx = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("NX_")))

const parentOf = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1])
}

/** The process that trains in `folder`, of all those that have it among their arguments. */
const trainer = (folder: string): number | undefined =>
  processesOf(folder)
    .map(Number)
    .find((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")[1]?.endsWith("main.ts"))

const args = (folder: string) => [...tinyRun({ epochs: 400 }), "--checkpoint-every=never", `--out=${folder}`]

describe("a kill", () => {
  for (const killed of ["nx alone", "nx and its shell"] as const) {
    it(`of ${killed} lets a run save where it is and end`, async () => {
      const folder = fresh()
      const nx = spawn(join(root, "node_modules/.bin/nx"), ["run", "cli:train", ...args(folder)], {
        cwd: root,
        env: withoutNx,
        stdio: "ignore"
      })
      await until(() => stepsOf(folder).length > 3)
      const own = trainer(folder)!
      const between: Array<number> = []
      for (let pid = parentOf(own); pid !== nx.pid && pid > 1; pid = parentOf(pid)) between.push(pid)
      nx.kill("SIGKILL")
      if (killed === "nx and its shell") for (const pid of between) process.kill(pid, "SIGKILL")
      await until(() => trainer(folder) === undefined)
      assert.deepStrictEqual(checkpointsOf(folder).map(Number), [stepsOf(folder).length])
    }, 120_000)
  }

  it("of the shell of a run that nx has not started leaves the run alone", async () => {
    const folder = fresh()
    const script = 'nohup "$@" > /dev/null 2>&1 & wait'
    const shell = spawn("sh", ["-c", script, "sh", process.execPath, main, "train", ...args(folder)], {
      env: withoutNx,
      stdio: "ignore"
    })
    await until(() => stepsOf(folder).length > 3)
    shell.kill("SIGKILL")
    const before = stepsOf(folder).length
    await new Promise((resolve) => setTimeout(resolve, 3000))
    await until(() => stepsOf(folder).length > before + 3)
    process.kill(trainer(folder)!, "SIGTERM")
    await until(() => trainer(folder) === undefined)
  }, 120_000)
})
