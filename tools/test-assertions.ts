import { afterAll, afterEach, assert, beforeEach } from "@effect/vitest"
import fc from "fast-check"

/**
 * Makes tests impossible that cannot fail. A test fails where
 * - it ends without having asserted anything: an effect that nobody runs, a loop over nothing, a callback never called;
 * - one of its assertions failed and the failure was lost: in an exit that is dropped, a fiber that nobody joins;
 * - a case of a property asserted nothing. Cases that have nothing to say are left out by `fc.pre`.
 */
let made = 0
let failures: Array<unknown> = []

const counted =
  (name: string, assertion: (...args: ReadonlyArray<unknown>) => unknown) =>
  (...args: ReadonlyArray<unknown>) => {
    made++
    const before = failures.length
    try {
      const result = assertion(...args)
      // What is expected to be thrown may be the failure of an assertion.
      if (name === "throws") failures.length = before
      return result
    } catch (failure) {
      failures.push(failure)
      throw failure
    }
  }

for (const [name, assertion] of Object.entries(assert))
  if (typeof assertion === "function") Object.assign(assert, { [name]: counted(name, assertion) })

beforeEach(() => {
  made = 0
  failures = []
})

afterEach(({ task }) => {
  if (task.result?.state === "fail") return
  if (failures.length > 0)
    throw new Error("an assertion failed, and the failure was lost", { cause: failures[0] })
  if (made === 0) throw new Error("the test asserted nothing")
})

afterAll(() => {
  if (failures.length > 0) throw new Error("an assertion failed after its test", { cause: failures[0] })
})

const isAsserted = (before: number) => made > before
const nothing = { error: new Error("this case asserted nothing: assert, or leave it out by fc.pre") }

fc.installGlobalPlugin(() => ({
  decorateRun: (run) => (value) => {
    const before = made
    const ended = run(value)
    if (ended instanceof Promise)
      return ended.then((result) => result ?? (isAsserted(before) ? null : nothing))
    return ended ?? (isAsserted(before) ? null : nothing)
  }
}))
