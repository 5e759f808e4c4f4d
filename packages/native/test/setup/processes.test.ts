import { spawn } from "node:child_process"
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import type { Plan } from "../../setup/Plan.ts"
import { freshPlan, installed, leftovers, script } from "./fakePlan.ts"

/** Starts the set-up as a process; `ended` gives its exit code and what it printed. */
const start = (plan: Plan) => {
  const child = spawn(process.execPath, [join(import.meta.dirname, "setUpProcess.ts"), JSON.stringify(plan)])
  let output = ""
  child.stdout.on("data", (data) => (output += data))
  child.stderr.on("data", (data) => (output += data))
  const ended = new Promise<{ code: number | null; output: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, output }))
  )
  return { child, ended }
}

const until = async (condition: () => boolean) => {
  for (let tries = 0; tries < 400 && !condition(); tries++)
    await new Promise((resolve) => setTimeout(resolve, 25))
  assert.isTrue(condition(), "waited 10 s")
}

describe("The process of a set-up", () => {
  it("lets a second process wait, and do nothing twice", async () => {
    const slow = script('case "$*" in *download*) sleep 2;; esac; exec python3 "$@"')
    const plan = freshPlan({ python: slow })
    const [first, second] = await Promise.all([start(plan).ended, start(plan).ended])
    assert.deepStrictEqual([first.code, second.code], [0, 0], first.output + second.output)
    const both = first.output + second.output
    assert.include(both, "waiting for process")
    assert.strictEqual(both.split("compiling the binding: done").length, 2)
    assert.deepStrictEqual(leftovers(plan), [])
  })

  it("leaves nothing half-made when it is killed, and goes on from there", async () => {
    const stuck = script('case "$*" in *download*) sleep 60;; esac; exec python3 "$@"')
    const plan = freshPlan()
    const { child, ended } = start({ ...plan, python: stuck })
    await until(
      () => existsSync(plan.cacheDir) && readdirSync(plan.cacheDir).some((name) => name.endsWith(".lock"))
    )
    child.kill("SIGKILL")
    await ended
    assert.isFalse(existsSync(join(plan.cacheDir, "moco-fake-1.0")))
    assert.isFalse(existsSync(installed(plan)))
    assert.isNotEmpty(leftovers(plan))
    const again = await start(plan).ended
    assert.strictEqual(again.code, 0, again.output)
    assert.deepStrictEqual(leftovers(plan), [])
    assert.isTrue(existsSync(installed(plan)))
  })

  it("removes what it began when it is interrupted", async () => {
    const stuck = script('case "$*" in *download*) sleep 60;; esac; exec python3 "$@"')
    const plan = freshPlan({ python: stuck })
    const { child, ended } = start(plan)
    await until(
      () => existsSync(plan.cacheDir) && readdirSync(plan.cacheDir).some((name) => name.endsWith(".lock"))
    )
    child.kill("SIGINT")
    assert.strictEqual((await ended).code, 130)
    assert.deepStrictEqual(leftovers(plan), [])
  })
})
