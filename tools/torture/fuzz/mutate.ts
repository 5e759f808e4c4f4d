import type * as CounterRandom from "@moco/core/CounterRandom"
import { between } from "../random.ts"

type Random = CounterRandom.CounterRandom

/** One to four small changes: flips, insertions, deletions, repetitions, cuts, and numbers that lie about sizes. */
export const mutateBytes = (random: Random, input: Uint8Array): Uint8Array => {
  let bytes = Array.from(input)
  for (let change = between(random, 1, 4); change > 0; change--) {
    const at = random.below(bytes.length + 1)
    switch (random.below(7)) {
      case 0:
        if (at < bytes.length) bytes[at]! ^= 1 << random.below(8)
        break
      case 1:
        bytes.splice(at, 0, random.below(256))
        break
      case 2:
        bytes.splice(at, between(random, 1, 8))
        break
      case 3:
        bytes.splice(at, 0, ...bytes.slice(at, at + between(random, 1, 16)))
        break
      case 4:
        bytes = bytes.slice(0, at)
        break
      case 5:
        bytes.splice(at, 4, 255, 255, 255, 127)
        break
      default:
        bytes.splice(at, 1, ...words[random.below(words.length)]!)
    }
  }
  return Uint8Array.from(bytes)
}

/** What parsers of text trip over; of YAML: anchors, aliases, merges, and nesting deeper than a stack bears. */
const words = [
  '"',
  "{",
  "[",
  "]]",
  "\\u0000",
  "1e999",
  "-0",
  "__proto__",
  "null",
  "\n",
  ": ",
  "99999999999999999999",
  "&a ",
  "*a",
  "<<: *a\n",
  "&b [*a,*a,*a,*a,*a,*a,*a,*a]",
  "- ",
  "|\n  ",
  '"\\UFFFFFFFF"',
  "[".repeat(5000),
  '{"a":'.repeat(5000)
].map((word) => Array.from(new TextEncoder().encode(word)))

/** One change that leaves JSON what it is: a value removed, replaced or added, somewhere in the tree. */
export const mutateJson = (random: Random, json: string): string => {
  const root: Node = JSON.parse(json)
  let node = root
  for (;;) {
    const keys = Object.keys(node)
    const key = keys[random.below(keys.length)]!
    const inner = node[key]
    if (isNode(inner) && random.below(4) > 0) {
      node = inner
      continue
    }
    const value = values[random.below(values.length)]
    const change = random.below(4)
    if (change === 0) delete node[key]
    else node[change === 1 ? `${key}s` : key] = value
    return JSON.stringify(root)
  }
}

type Node = Record<string, unknown>

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && Object.keys(value).length > 0

/** Values of every kind of JSON, and numbers that are none of a count, a size, a rate. */
const values: ReadonlyArray<unknown> = [
  null,
  true,
  0,
  -1,
  0.5,
  1e21,
  2 ** 53,
  "",
  "Infinity",
  "queue",
  "../../x",
  [],
  {},
  [[[]]],
  { kind: "queue" }
]
