import { existsSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { run } from "@moco/native/setup/Command"
import { Effect } from "effect"

/** What vitest's JSON says, as far as it is asked. */
interface Results {
  readonly numPassedTests: number
  readonly testResults: ReadonlyArray<{
    readonly message: string
    readonly status: string
    readonly assertionResults: ReadonlyArray<{
      readonly status: string
      readonly fullName: string
    }>
  }>
}

export interface Ended {
  readonly numPassed: number
  /** Titles of the tests that failed, or what a file said that failed as a whole. */
  readonly failed: ReadonlyArray<string>
}

/** Longer than any narrow command takes; what has not ended then does not end. */
const limit = "10 minutes"

/** Runs the tests of a mutation in a copy of the tree, up to the first that fails. */
export const runTests = Effect.fnUntraced(function* (copy: string, tests: string) {
  const [project = "", ...words] = tests.split(" ")
  const output = join(copy, "results.json")
  rmSync(output, { force: true })
  const flags = ["--bail=1", "--reporter=json", `--outputFile=${output}`]
  const vitest = join(copy, "node_modules", "vitest", "vitest.mjs")
  const args = [vitest, "run", "--root", copy, "--project", project, ...words, ...flags]
  const finished = yield* Effect.timeoutOption(run(process.execPath, args), limit)
  if (finished._tag === "None") return { numPassed: 0, failed: ["a test that does not end"] }
  if (!existsSync(output)) return { numPassed: 0, failed: [] }
  return ended(JSON.parse(readFileSync(output, "utf8")))
})

const ended = ({ numPassedTests, testResults }: Results): Ended => ({
  numPassed: numPassedTests,
  failed: testResults.flatMap(({ assertionResults, message, status }) => {
    const tests = assertionResults.filter((test) => test.status === "failed")
    if (tests.length > 0) return tests.map(({ fullName }) => fullName)
    // Failed although none of its tests did: after the last of them.
    return status === "failed" && assertionResults.length > 0 ? [message.split("\n")[0]!] : []
  })
})
