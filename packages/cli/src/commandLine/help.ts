import { Option } from "effect"
import type { ArgDoc, ExampleDoc, FlagDoc, HelpDoc } from "effect/cli/HelpDoc"
import { entry, indented, maxColumns, wrapped } from "./wrap.ts"

/** Where the explanations of flags begin. */
const flagColumn = 26
const commandColumn = 12

/** What finds `moco`, which is installed in the checkout alone. */
export const shell = "npx"

/** The help of a command, in lines of at most 80 columns. */
export const helpText = (doc: HelpDoc): string => {
  const { args = [], commandPath = [], examples = [], globalFlags = [], subcommands = [] } = doc
  const isRoot = commandPath.length <= 1
  return [
    indented(doc.description, 0),
    section("Usage", [`  ${usageLine(doc)}`]),
    section("Arguments", args.flatMap(argumentLines)),
    section(
      "Commands",
      subcommands.flatMap(({ commands }) =>
        commands.flatMap(({ description, name }) => entry(name, description, commandColumn))
      )
    ),
    section("Flags", doc.flags.flatMap(flagLines)),
    section("Flags of every command", isRoot ? globalFlags.flatMap(flagLines) : []),
    section("Examples", examples.flatMap(exampleLines)),
    isRoot ? section("", indented(`${shell} moco COMMAND --help says what a command takes.`, 0)) : []
  ]
    .flat()
    .join("\n")
}

/** How a command is called. */
export const usageLine = ({ usage }: HelpDoc): string =>
  `${shell} ${usage.replace("<subcommand>", "COMMAND").replace(/<(\w+)>/g, (_, name: string) => name.toUpperCase())}`

const section = (title: string, lines: ReadonlyArray<string>): ReadonlyArray<string> =>
  lines.length === 0 ? [] : ["", ...(title === "" ? [] : [`${title}:`]), ...lines]

/** A flag as it is typed: `--seed=N`, `--on-nan=stop|rollback`, `--profile[=FILE]`, `--json`. */
export const flagTerm = (flag: FlagDoc): string => {
  const { name, type } = flag
  if (type === "boolean") return `--${name}`
  const optional = /^\s*\[=(.*)\]$/.exec(type)?.[1]
  if (optional !== undefined) return `--${name}[=${optional}]`
  const choices = choicesOf(flag)
  return `--${name}=${choices.length > 0 ? choices.join("|") : (metavars[type] ?? type)}`
}

const metavars: Readonly<Record<string, string>> = { string: "TEXT", integer: "N", number: "X" }

/** Behind a flag's description Effect puts what the flag takes. */
const choiceList = / \(choices: ([^)]*)\)$/

/** What a flag takes, where that is one of some words. */
export const choicesOf = ({ description }: FlagDoc): ReadonlyArray<string> =>
  choiceList.exec(Option.getOrElse(description, () => ""))?.[1]?.split(", ") ?? []

/** What a flag is for. */
export const purposeOf = ({ description }: Pick<FlagDoc, "description">): string =>
  Option.getOrElse(description, () => "").replace(choiceList, "")

const flagLines = (flag: FlagDoc): ReadonlyArray<string> =>
  entry([flagTerm(flag), ...flag.aliases].join(", "), purposeOf(flag), flagColumn)

const argumentLines = (argument: ArgDoc): ReadonlyArray<string> =>
  entry(`[${argument.name.toUpperCase()}]`, purposeOf(argument), flagColumn)

/** A command that is longer than a line goes on behind a backslash, so that it can be pasted. */
const exampleLines = ({ command, description = "" }: ExampleDoc): ReadonlyArray<string> => {
  const lines = wrapped(command, maxColumns - 6)
  const last = lines.length - 1
  return [
    ...indented(`# ${description}`, 2),
    ...lines.map((line, i) => `${i === 0 ? "  " : "    "}${line}${i < last ? " \\" : ""}`)
  ]
}
