import { readdirSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"
import { Console } from "effect"
import ts from "typescript"
import { runTool } from "./runTool.ts"

/**
 * Measures the room that there is: the packages' arrows, the longest files and functions of the program.
 *
 *     npx nx run tools:room
 */
const root = join(import.meta.dirname, "..")

/** From the bottom to the top: an arrow may point to a package that stands before its own. */
export const packages = ["native", "core", "data", "evaluation", "train", "study", "report", "cli"] as const

/** The packages that a package may import, as its package.json lists them. */
export const arrowsOf = (name: string): ReadonlyArray<string> => {
  const { dependencies } = JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8"))
  return Object.keys(dependencies).flatMap((dependency) => dependency.split("@moco/")[1] ?? [])
}

/** The program's own TypeScript: no tests. */
export const sources = (): ReadonlyArray<string> =>
  packages.flatMap((name) =>
    ["src", "setup"].flatMap((folder) => filesIn(join(root, "packages", name, folder)))
  )

const filesIn = (folder: string): ReadonlyArray<string> => {
  try {
    const names = readdirSync(folder, { recursive: true, encoding: "utf8" })
    return names.filter((name) => name.endsWith(".ts")).map((name) => join(folder, name))
  } catch {
    return []
  }
}

interface Length {
  readonly where: string
  readonly lines: number
}

const fileLength = (file: string): Length => ({
  where: relative(root, file),
  lines: readFileSync(file, "utf8").split("\n").length - 1
})

/** Functions by their lines; a function within another is counted by itself and as a part of the other. */
const functionLengths = (file: string): ReadonlyArray<Length> => {
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.ESNext, true)
  const lineOf = (position: number) => source.getLineAndCharacterOfPosition(position).line
  const found: Array<Length> = []
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) {
      const first = lineOf(node.getStart())
      found.push({ where: `${relative(root, file)}:${first + 1}`, lines: lineOf(node.getEnd()) - first + 1 })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** The three longest. */
const longest = (lengths: ReadonlyArray<Length>) =>
  lengths
    .toSorted((a, b) => b.lines - a.lines)
    .slice(0, 3)
    .map(({ lines, where }) => `  ${lines} lines: ${where}`)

if (import.meta.main) {
  const arrows = packages.map((name) => `  ${name} -> ${arrowsOf(name).join(", ") || "none of ours"}`)
  const report = [
    ...["arrows", ...arrows],
    ...["longest files", ...longest(sources().map(fileLength))],
    ...["longest functions", ...longest(sources().flatMap(functionLengths))]
  ]
  runTool(Console.log(report.join("\n")))
}
