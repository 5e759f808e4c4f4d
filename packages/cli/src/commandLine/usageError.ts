import { nearest } from "@moco/train/RunConfig/nearest"
import { shorten } from "@moco/train/RunConfig/Problem"
import type { NonShowHelpErrors } from "effect/cli/CliError"
import type { FlagDoc, HelpDoc } from "effect/cli/HelpDoc"
import { choicesOf, flagTerm, purposeOf, shell, usageLine } from "./help.ts"
import { maxColumns } from "./wrap.ts"

/** What is wrong with a command line: one line an error, and the one line that says how it is meant. */
export const usageErrorText = (
  doc: HelpDoc,
  errors: ReadonlyArray<NonShowHelpErrors>,
  settings: ReadonlyArray<string>
): string =>
  [...errors.map((error) => `error: ${describe(error, doc, settings)}`), `  ${usageOf(doc, errors)}`].join(
    "\n"
  )

/** That of the flag at fault, where it is one flag and fits into a line; else the command's. */
const usageOf = (doc: HelpDoc, errors: ReadonlyArray<NonShowHelpErrors>): string => {
  const command = `${shell} ${(doc.commandPath ?? ["moco"]).join(" ")}`
  const [only] = errors.length === 1 ? errors : []
  const flag = only !== undefined && "option" in only ? flagOf(doc, only.option) : undefined
  const ofFlag = flag === undefined ? "" : `usage: ${command} ${flagTerm(flag)} (${purposeOf(flag)})`
  return flag !== undefined && ofFlag.length <= maxColumns - 2
    ? ofFlag
    : `usage: ${usageLine(doc)}; ${command} --help explains ${flag === undefined ? "it" : `--${flag.name}`}`
}

const describe = (error: NonShowHelpErrors, doc: HelpDoc, settings: ReadonlyArray<string>): string => {
  const command = (doc.commandPath ?? ["moco"]).join(" ")
  switch (error._tag) {
    case "UnrecognizedOption": {
      const typed = shorten(error.option, maxTyped)
      return `${typed}: is no flag of ${command}${hinted(flagMeant(error, doc, settings))}`
    }
    case "MissingOption": {
      const flag = flagOf(doc, error.option)
      return `${flag === undefined ? `--${error.option}` : flagTerm(flag)}: is missing`
    }
    case "MissingArgument":
      return `${error.argument}: is missing`
    case "UnexpectedArgument": {
      const [first = ""] = error.arguments
      const meant = flagOf(doc, "set") === undefined ? undefined : settingMeant(first, settings)
      const typed = shorten(error.arguments.join(" "), maxTyped)
      return `${typed}: nothing is expected here${hinted(meant ?? "flags start with --")}`
    }
    case "UnknownSubcommand": {
      const commands = (doc.subcommands ?? []).flatMap((group) => group.commands.map(({ name }) => name))
      const near = error.suggestions[0] ?? nearest(error.subcommand, commands)
      const hint = near === undefined ? `commands: ${commands.join(", ")}` : `did you mean ${near}?`
      return `${shorten(error.subcommand, maxTyped)}: is no command of ${command}${hinted(hint)}`
    }
    case "InvalidValue": {
      const name = error.kind === "flag" ? `--${error.option}` : error.option
      const flag = error.kind === "flag" ? flagOf(doc, error.option) : undefined
      const wanted = wantedOf(flag, error.expected)
      return error.value === ""
        ? `${name}: needs a value: ${wanted}`
        : `${name}=${shorten(error.value, maxTyped)}: must be ${wanted}`
    }
    default:
      return shorten(error.message, maxMessage)
  }
}

const maxTyped = 100
const maxMessage = 300

const hinted = (hint: string | undefined): string => (hint === undefined || hint === "" ? "" : ` (${hint})`)

const flagOf = ({ flags, globalFlags = [] }: HelpDoc, name: string): FlagDoc | undefined =>
  [...flags, ...globalFlags].find((flag) => flag.name === name)

/** The flag that was meant, or the setting that has no flag of its own: `--loss.temperature=0.1`, `--temperature`. */
const flagMeant = (
  error: Extract<NonShowHelpErrors, { readonly _tag: "UnrecognizedOption" }>,
  doc: HelpDoc,
  settings: ReadonlyArray<string>
): string | undefined => {
  const typed = error.option.replace(/^-+/, "")
  const setting = flagOf(doc, "set") === undefined ? undefined : settingMeant(typed, settings)
  if (setting !== undefined) return setting
  const names = doc.flags.map(({ name }) => name)
  const near = error.suggestions[0]?.replace(/^-+/, "") ?? nearest(typed, names)
  return near === undefined ? undefined : `did you mean --${near}?`
}

/** Settings by their whole path or by the end of it, with the value behind it. */
const settingMeant = (typed: string, settings: ReadonlyArray<string>): string | undefined => {
  const [, name = "", value = "=..."] = /^([^=]*)(=.*)?$/s.exec(typed) ?? []
  const key = withoutCase(name)
  const found = settings.filter((path) => `.${withoutCase(path)}`.endsWith(`.${key}`))
  const flags = [...new Set(found)].map((path) => `--set ${shorten(`${path}${value}`, maxTyped)}`)
  return flags.length === 0 || flags.length > maxMeant ? undefined : `did you mean ${flags.join(" or ")}?`
}

/** As many as have a `learningRate`: the optimizer, and what evaluations train. */
const maxMeant = 4

/** `learning-rate` and `learning_rate` are `learningRate`. */
const withoutCase = (name: string): string => name.toLowerCase().replaceAll(/[-_]/g, "")

/** What a flag takes, in plain words. */
const wantedOf = (flag: FlagDoc | undefined, expected: string): string => {
  const choices = flag === undefined ? [] : choicesOf(flag)
  if (choices.length > 0) return `one of ${choices.join(", ")}`
  switch (flag?.type) {
    case "integer":
      return bounded("a whole number", expected)
    case "number":
      return bounded("a number", expected)
    case "boolean":
      return "true or false, or left out"
    case "PATH=VALUE":
      return "a setting and its value, as in loss.temperature=0.1"
  }
  return plainWords[flag?.type ?? ""] ?? expected.replace(/^Expected:? /, "")
}

/** Words for a kind of number, with the bounds that it must be within where those are what is wrong. */
const bounded = (kind: string, expected: string): string => {
  const [bounds] = /(?:between|greater|less) [^\n]*/.exec(expected) ?? []
  return bounds === undefined ? kind : `${kind} ${bounds}`
}

const plainWords: Readonly<Record<string, string>> = {
  string: "a text",
  FILE: "the path of a file",
  DIR: "the path of a folder",
  RUN: "the folder of a run",
  WHEN: "such as 1epoch,2minutes"
}
