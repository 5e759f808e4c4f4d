import { spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"

interface Results {
  readonly testResults: ReadonlyArray<{
    readonly name: string
    readonly message: string
    readonly assertionResults: ReadonlyArray<{
      readonly title: string
      readonly status: string
      readonly failureMessages: ReadonlyArray<string>
    }>
  }>
}

const root = join(import.meta.dirname, "assertions")
const vitest = join(import.meta.dirname, "..", "..", "node_modules", "vitest", "vitest.mjs")
const folder = mkdtempSync(join(tmpdir(), "assertions-"))
const output = join(folder, "results.json")
spawnSync(process.execPath, [vitest, "run", "--root", root, "--reporter=json", `--outputFile=${output}`], {
  // A run within a run, that knows nothing of the outer one.
  env: { PATH: process.env["PATH"], TMPDIR: folder }
})
const { testResults }: Results = JSON.parse(readFileSync(output, "utf8"))
rmSync(output)
const tests = testResults.flatMap(({ assertionResults }) => assertionResults)

const messages = new Map([
  ["lost", "an assertion failed, and the failure was lost"],
  ["nothing", "the test asserted nothing"],
  ["case", "Property failed"]
])

describe("a test fails that cannot", () => {
  for (const { failureMessages, status, title } of tests) {
    const kind = title.split(":")[0]!
    it(`${kind === "passes" ? "not so with" : "with"} ${title}`, () => {
      const message = messages.get(kind)
      assert.strictEqual(status, message === undefined ? "passed" : "failed")
      assert.include(failureMessages.join("\n"), message ?? "")
    })
  }

  it("with every kind", () => {
    assert.strictEqual(tests.length, 16)
  })

  it("and no temporary file stays", () => {
    assert.deepStrictEqual(
      readdirSync(folder).filter((name) => name.startsWith("moco-test-") || name.startsWith("left-")),
      []
    )
  })

  it("and names the assertions of a file that no test reaches", () => {
    const file = testResults.find(({ name }) => name.endsWith("unreached.cases.ts"))
    assert.match(file!.message, /no test reaches\n {2}assert\.strictEqual\(values\[3\], 4\)/)
    assert.notInclude(file!.message, "assert.fail")
  })
})
