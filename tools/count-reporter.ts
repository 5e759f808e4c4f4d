import { writeSync } from "node:fs"
import type { Reporter, TestModule } from "vitest/node"

/**
 * Closes a test run with the plain line `N passed, N failed`.
 *
 * A test file that cannot be loaded, a suite that fails to set up and an unhandled error each count as one
 * failure, so the line never looks better than the run was.
 */
export class CountReporter implements Reporter {
  #line = "0 passed, 1 failed"

  onInit() {
    process.once("exit", () => writeSync(1, `${this.#line}\n`))
  }

  onTestRunEnd(modules: ReadonlyArray<TestModule>, unhandled: ReadonlyArray<unknown>) {
    let passed = 0
    let failed = unhandled.length
    for (const module of modules) {
      failed += module.errors().length
      for (const suite of module.children.allSuites()) failed += suite.errors().length
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === "passed") passed++
        else if (state === "failed") failed++
      }
    }
    this.#line = `${passed} passed, ${failed} failed`
  }
}
