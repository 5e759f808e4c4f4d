import { execFile } from "node:child_process"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"

const root = join(import.meta.dirname, "..", "..")

/** What a process does that runs this program as a tool. */
const outcomeOf = (program: string) =>
  new Promise<{ readonly code: unknown; readonly stdout: string; readonly stderr: string }>((resolve) => {
    const source = `
      import { Console, Effect, FileSystem, Runtime } from "effect"
      import { runTool } from "./tools/runTool.ts"
      runTool(${program})`
    const args = ["--input-type=module", "--eval", source]
    execFile(process.execPath, args, { cwd: root }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr })
    )
  })

describe("a tool", () => {
  it("ends with 0 when its program ends, on Node's services, what it has opened closed", async () => {
    const program = `Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      yield* Effect.addFinalizer(() => Console.log("closed"))
      yield* Console.log(yield* fs.exists("package.json"))
    })`
    assert.deepStrictEqual(await outcomeOf(program), { code: 0, stdout: "true\nclosed\n", stderr: "" })
  })

  it("tells an error by its message, and ends with 1", async () => {
    const told = await outcomeOf(`Effect.fail(new Error("no run was named"))`)
    assert.deepStrictEqual(told, { code: 1, stdout: "", stderr: "error: no run was named\n" })
  })

  it("tells a bug by its whole cause, and where it is", async () => {
    const { code, stderr } = await outcomeOf(`Effect.die(new TypeError("of undefined"))`)
    assert.strictEqual(code, 1)
    assert.match(stderr, /^TypeError: of undefined\n\s+at /)
  })

  it("says nothing of an error that was told already, whose exit code it takes", async () => {
    const told = `Effect.fail(Object.assign(new Error("told"), {
      [Runtime.errorReported]: false, [Runtime.errorExitCode]: 3
    }))`
    assert.deepStrictEqual(await outcomeOf(told), { code: 3, stdout: "", stderr: "" })
  })

  it("says nothing of a stop", async () => {
    assert.deepStrictEqual(await outcomeOf("Effect.interrupt"), { code: 130, stdout: "", stderr: "" })
  })

  it("lets no text lead the terminal", async () => {
    const { stdout } = await outcomeOf(`Console.log("\\x1b[2J")`)
    assert.notInclude(stdout, "\x1b")
    assert.include(stdout, "[2J")
  })
})
