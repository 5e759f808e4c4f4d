import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { moco } from "../src/run.ts"
import { runInProcess as run } from "./inProcess.ts"
import { assertPlainError, root, run as runProgram } from "./program.ts"

const commands = moco.subcommands.flatMap(({ commands }) => commands.map(({ name }) => name))

const linesOf = (text: string) => text.trimEnd().split("\n")

describe("help", () => {
  it("of the program names every command, and every command that nx runs", async () => {
    const { code, stdout } = await run("--help")
    assert.strictEqual(code, 0)
    assert.includeMembers(commands, ["train", "doctor"])
    for (const command of commands) assert.match(stdout, new RegExp(`^  ${command} `, "m"))
    const manifest = JSON.parse(readFileSync(join(root, "packages/cli/package.json"), "utf8"))
    const targets = Object.entries<{ options?: { command?: string } }>(manifest.nx.targets)
    for (const [name, { options }] of targets) {
      if (options?.command?.includes("main.ts") === true) assert.include(commands, name)
    }
  })

  for (const command of ["", ...commands]) {
    it(`of moco ${command} fits 80 columns and has an example that can be pasted`, async () => {
      const { code, stdout, stderr } = await run(...(command === "" ? [] : [command]), "--help")
      assert.strictEqual(code, 0, stderr)
      for (const line of linesOf(stdout)) assert.isAtMost(line.length, 80, line)
      assert.include(stdout, "\nExamples:\n")
      assert.include(stdout, `  npx moco ${command}`)
      assert.notInclude(stdout, "nx run")
    })
  }

  it("says what --set takes, and where the settings are listed", async () => {
    const { stdout } = await run("train", "--help")
    assert.include(stdout, "--set=PATH=VALUE")
    assert.include(stdout, "npx moco settings")
  })
})

describe("a wrong command line", () => {
  const wrong: ReadonlyArray<readonly [string, ReadonlyArray<string>, ReadonlyArray<string>]> = [
    [
      "a value that is no number",
      ["train", "--seed=abc"],
      ["--seed=abc: must be a whole number", "--seed=N"]
    ],
    ["a part of a number", ["train", "--epochs=1.5"], ["--epochs=1.5: must be a whole number"]],
    ["no number at all", ["parity", "--fixture=x", "--tolerance=a"], ["--tolerance=a: must be a number"]],
    ["another choice", ["train", "--on-nan=go"], ["--on-nan=go: must be one of stop, rollback"]],
    ["a choice that is missing", ["train", "--on-nan"], ["--on-nan: needs a value: one of stop, rollback"]],
    ["a switch with a value", ["doctor", "--json=7"], ["--json=7: must be true or false, or left out"]],
    [
      "a setting without a value",
      ["train", "--set", "seed"],
      ["--set=seed: must be a setting and its value"]
    ],
    [
      "a flag misspelt",
      ["train", "--epoch=1"],
      ["--epoch: is no flag of moco train", "did you mean --epochs?"]
    ],
    ["a flag of nobody", ["doctor", "--xyz"], ["--xyz: is no flag of moco doctor", "moco doctor --help"]],
    [
      "a setting as a flag",
      ["train", "--learning-rate=0.1"],
      ["--learning-rate: is no flag", "did you mean --set optimizer.learningRate=... or "]
    ],
    [
      "a setting's name that two have",
      ["train", "--temperature=1"],
      ["--set loss.temperature=... or --set evaluations.knn.temperature=..."]
    ],
    [
      "a setting without --set",
      ["train", "loss.temperature=0.2"],
      ["loss.temperature=0.2: nothing is expected here", "did you mean --set loss.temperature=0.2?"]
    ],
    ["a command misspelt", ["trin"], ["trin: is no command of moco", "did you mean train?"]],
    ["a flag that must be there", ["parity"], ["--fixture=DIR: is missing", "npx moco parity"]],
    ["control characters", ["train", "--see\u001bd=1"], ["--see\\u001bd: is no flag of moco train"]]
  ]
  for (const [title, args, words] of wrong) {
    it(`with ${title} is told in an error and a line of usage, and nothing else`, async () => {
      const { code, stderr, stdout } = await run(...args)
      assert.strictEqual(code, 2, stderr)
      assert.strictEqual(stdout, "")
      assertPlainError(stderr, "error: ", "usage: npx moco", ...words)
      assert.lengthOf(linesOf(stderr), 2)
    })
  }

  it("with several mistakes is told all of them", async () => {
    const { stderr } = await run("bench", "--stepps=1", "--sync")
    assertPlainError(
      stderr,
      "--stepps: is no flag of moco bench (did you mean --steps?)",
      "--sync: is no flag"
    )
    assert.lengthOf(linesOf(stderr), 3)
  })

  it("is told so by the program too", async () => {
    const { code, stderr, stdout } = await runProgram("train", "--seed=abc")
    assert.deepStrictEqual([code, stdout], [2, ""])
    assert.strictEqual(
      stderr,
      "error: --seed=abc: must be a whole number\n  usage: npx moco train --seed=N (short for --set seed=N)\n"
    )
  })
})
