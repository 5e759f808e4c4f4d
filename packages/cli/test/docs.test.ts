import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { decodeDefinition, plan } from "@moco/study/Study"
import { recipes } from "@moco/train/recipes"
import { Effect } from "effect"
import * as Yaml from "effect/encoding/Yaml"
import { runInProcess } from "./inProcess.ts"
import { root } from "./program.ts"

const pages = ["README.md", "ARCHITECTURE.md", "AGENTS.md"].concat(
  readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name))
)

const textOf = (page: string) => readFileSync(join(root, page), "utf8")

/** What stands in fences and between single backticks. */
const codeOf = (text: string): ReadonlyArray<string> => [
  ...[...text.matchAll(/^```\w*\n(.*?)^```/gms)].flatMap(([, block]) => block!.split("\n")),
  ...[...text.replaceAll(/^```.*?^```/gms, "").matchAll(/`([^`\n]+)`/g)].map(([, code]) => code!)
]

/** Commands of the program that a page tells the reader to type, without their comments. */
const commandsOf = (text: string): ReadonlyArray<string> =>
  codeOf(text.replaceAll(/\\\n\s*/g, " "))
    .flatMap((line) => /^(?:npx moco|npx nx run cli:)\s?(.*)$/.exec(line)?.[1] ?? [])
    .map((command) => command.replace(/\s+#.*$/, "").trim())
    .filter((command) => /^[a-z]/.test(command))

const helpOf = new Map<string, string>()
const help = async (...path: ReadonlyArray<string>): Promise<string> => {
  const key = path.join(" ")
  const before = helpOf.get(key)
  if (before !== undefined) return before
  const { code, stdout } = await runInProcess(...path, "--help")
  assert.strictEqual(code, 0, `moco ${key}: there is no such command`)
  helpOf.set(key, stdout)
  return stdout
}

/** The help of a command, or of one of its subcommands where the line names one. */
const helpFor = async (command: string, [next = ""]: ReadonlyArray<string>): Promise<string> =>
  /^[a-z]+$/.test(next) && new RegExp(`^  ${next} `, "m").test(await help(command))
    ? help(command, next)
    : help(command)

describe("the pages for readers", () => {
  it("link only to files that are there", () => {
    const broken = pages.flatMap((page) =>
      [...textOf(page).matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)]
        .map(([, target]) => join(dirname(page), target!))
        .filter((target) => !existsSync(join(root, target)))
        .map((target) => `${page}: ${target}`)
    )
    assert.deepStrictEqual(broken, [])
  })

  it("name only commands and flags that the program has", async () => {
    const commands = pages.flatMap((page) => commandsOf(textOf(page)))
    assert.isAbove(commands.length, 20)
    const unknown: Array<string> = []
    for (const line of commands) {
      const [command = "", ...args] = line.split(/\s+/)
      const shown = await helpFor(command, args)
      const flags = args.flatMap((arg) => /^--[a-z][a-z-]*/.exec(arg)?.[0] ?? [])
      for (const flag of flags) {
        if (flag !== "--help" && !new RegExp(`${flag}(?![a-z-])`).test(shown))
          unknown.push(`${line}: ${flag}`)
      }
    }
    assert.deepStrictEqual(unknown, [])
  })

  it("are in lines that an editor shows whole, but for tables", () => {
    const long = pages
      .filter((page) => !["ARCHITECTURE.md", "AGENTS.md"].includes(page))
      .flatMap((page) =>
        textOf(page)
          .split("\n")
          .filter((line) => line.length > 120 && !line.startsWith("|"))
      )
    assert.deepStrictEqual(long, [])
  })

  it.effect("show a study that can be planned", () =>
    Effect.gen(function* () {
      const fences = [...textOf("docs/studies.md").matchAll(/^```yaml\n(.*?)^```/gms)].map(
        ([, yaml]) => yaml!
      )
      const studies = fences.filter((yaml) => yaml.startsWith("name:"))
      assert.lengthOf(studies, 1)
      const base = Yaml.parse(studies[0]!) as object
      for (const part of fences) {
        const definition = yield* decodeDefinition(
          { ...base, ...(Yaml.parse(part) as object) },
          "docs/studies.md"
        )
        // The claim is about cells of another study than the example's.
        const { claims: _, reference: __, chart: ___, ...planned } = definition
        const { trials } = yield* plan(
          part === studies[0] ? definition : planned,
          recipes["fashionMnistQuick"]!()
        )
        assert.isAbove(trials.length, 0)
      }
    })
  )
})
