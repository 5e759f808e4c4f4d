import type { Vite } from "vitest/node"

/** What of a test file tools/test-reached.ts looks at when its tests have run. */
export interface Assertions {
  /** Where each stands, by the first line of the call. */
  readonly calls: ReadonlyArray<string>
  readonly reached: Set<number>
}

/** Where a test file leaves them. */
export const assertionsKey = "mocoAssertions"

/**
 * Marks every assertion of a test file when it runs. V8's coverage would do the same, and take twice as long for
 * tests that compute in JavaScript.
 */
export const reachedAssertions = (): Vite.Plugin => ({
  name: "reached-assertions",
  // After types are gone, before imports are rewritten.
  enforce: "post",
  transform(code, id) {
    return /\.(test|cases)\.ts$/.test(id) ? { code: marked(code, this.parse(code)), map: null } : undefined
  }
})

const marked = (code: string, tree: unknown): string => {
  const callees = calleesIn(tree)
    .filter(({ end, start }) => code.slice(start, end) !== "assert.fail")
    .toSorted((a, b) => a.root.start - b.root.start)
  const calls = callees.map(({ start }) => code.slice(start).split("\n", 1)[0]!)
  let text = `globalThis.${assertionsKey} = { calls: ${JSON.stringify(calls)}, reached: new Set() };`
  let from = 0
  callees.forEach(({ root }, i) => {
    const name = code.slice(root.start, root.end)
    text += `${code.slice(from, root.start)}(globalThis.${assertionsKey}.reached.add(${i}), ${name})`
    from = root.end
  })
  return text + code.slice(from)
}

interface Span {
  readonly start: number
  readonly end: number
}

/** What is called, and the name that it begins with: `assert.isTrue` and `assert`. */
interface Callee extends Span {
  readonly root: Span
}

interface Node extends Span {
  readonly type: string
  readonly name?: string
  readonly callee?: Node
  readonly object?: Node
}

/** What is called of `assert`, and functions whose names begin so. */
const calleesIn = (tree: unknown): ReadonlyArray<Callee> => {
  if (Array.isArray(tree)) return tree.flatMap(calleesIn)
  if (typeof tree !== "object" || tree === null) return []
  const { callee, type } = tree as Node
  const root = callee?.type === "MemberExpression" ? callee.object : callee
  const isOne = type === "CallExpression" && root?.type === "Identifier" && isAssertion(callee!, root)
  const inner = Object.values(tree).flatMap(calleesIn)
  return isOne ? [{ start: callee!.start, end: callee!.end, root }, ...inner] : inner
}

const isAssertion = (callee: Node, { name = "" }: Node): boolean =>
  callee.type === "Identifier" ? name.startsWith("assert") : name === "assert"
