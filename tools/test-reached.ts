import { Session } from "node:inspector"
import { afterAll } from "@effect/vitest"

/**
 * Makes assertions impossible that never run: behind a condition that is never true, in a callback that nobody calls,
 * in a loop over nothing. A test file fails where one of its assertions was not reached by any of its tests.
 *
 * `assert.fail` marks what must not be reached. A file of which a part was left out, or failed, is not looked at.
 */
const assertion = /\bassert(?!\.fail\b)(?:\w*|\.\w+)\(.*/g

const session = new Session()
session.connect()
session.post("Profiler.enable")
session.post("Profiler.startPreciseCoverage", { callCount: false, detailed: true })

interface Script {
  readonly scriptId: string
  readonly functions: ReadonlyArray<{
    readonly ranges: ReadonlyArray<{
      readonly count: number
      readonly startOffset: number
      readonly endOffset: number
    }>
  }>
}

/** The assertions of a script that did not run, each by its first line. */
const unreachedIn = ({ functions, scriptId }: Script): ReadonlyArray<string> => {
  const ranges = functions.flatMap(({ ranges }) => ranges.filter(({ count }) => count === 0))
  if (ranges.length === 0) return []
  let source = ""
  session.post("Debugger.enable")
  session.post("Debugger.getScriptSource", { scriptId }, (_, answer) => {
    source = answer.scriptSource
  })
  const texts = ranges.map(({ endOffset, startOffset }) => source.slice(startOffset, endOffset))
  return [...new Set(texts.flatMap((text) => text.match(assertion) ?? []))]
}

interface Task {
  readonly mode: string
  readonly result?: { readonly state: string } | undefined
  readonly tasks?: ReadonlyArray<Task>
}

const ranWhole = (task: Task): boolean =>
  task.mode === "run" && task.result?.state !== "fail" && (task.tasks ?? []).every((part) => ranWhole(part))

// biome-ignore lint/correctness/noEmptyPattern: vitest wants a pattern, and the file comes second
afterAll(({}, file) => {
  let scripts: ReadonlyArray<Script & { readonly url: string }> = []
  session.post("Profiler.takePreciseCoverage", (_, answer) => {
    scripts = answer.result
  })
  const script = scripts.find(({ url }) => url.endsWith(file.file.filepath))
  if (script === undefined) throw new Error(`no coverage of ${file.file.filepath}`)
  const unreached = ranWhole(file) ? unreachedIn(script) : []
  if (unreached.length > 0) throw new Error(`no test reaches\n  ${unreached.join("\n  ")}`)
})
