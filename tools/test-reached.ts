import { afterAll } from "@effect/vitest"
import { type Assertions, assertionsKey } from "./reached-assertions.ts"

/**
 * Makes assertions impossible that never run: behind a condition that is never true, in a callback that nobody calls,
 * in a loop over nothing. A test file fails where one of its assertions was not reached by any of its tests.
 *
 * `assert.fail` marks what must not be reached. A file of which a part was left out, or failed, is not looked at.
 */
interface Task {
  readonly mode: string
  readonly result?: { readonly state: string } | undefined
  readonly tasks?: ReadonlyArray<Task>
}

const ranWhole = (task: Task): boolean =>
  task.mode === "run" && task.result?.state !== "fail" && (task.tasks ?? []).every((part) => ranWhole(part))

// biome-ignore lint/correctness/noEmptyPattern: vitest wants a pattern, and the file comes second
afterAll(({}, file) => {
  const { calls, reached } = (globalThis as unknown as Record<string, Assertions>)[assertionsKey]!
  const unreached = ranWhole(file) ? calls.filter((_, i) => !reached.has(i)) : []
  if (unreached.length > 0) throw new Error(`no test reaches\n  ${unreached.join("\n  ")}`)
})
