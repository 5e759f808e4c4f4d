import type { Outcome } from "./Mutation.ts"

/** Where a table came from: it is made again by the command. */
export interface Origin {
  readonly commit: string
  readonly command: string
  /** How many mutations the command has to try. */
  readonly total: number
}

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ")
const row = (...cells: ReadonlyArray<string>) => `| ${cells.map(cell).join(" | ")} |`

/** The outcomes as a Markdown table, with what survived first. */
export const report = (outcomes: ReadonlyArray<Outcome>, { command, commit, total }: Origin): string => {
  const number = (status: Outcome["status"]) => outcomes.filter((outcome) => outcome.status === status).length
  const sorted = [
    ...outcomes.filter(({ status }) => status !== "killed"),
    ...outcomes.filter(({ status }) => status === "killed")
  ]
  const counts = `${number("killed")} killed, ${number("survived")} survived, ${number("broken")} broken`
  return [
    "# Mutations",
    "",
    `\`${command}\` at commit ${commit}: ${outcomes.length} of ${total} tried, ${counts}. Each is one change of the`,
    "program, tried on a copy of the tree by the narrow tests beside it.",
    "",
    row("mutation", "what would be wrong", "tests", "outcome", "first test that fails"),
    row("---", "---", "---", "---", "---"),
    ...sorted.map(({ by, mutation, status }) =>
      row(mutation.name, mutation.fear, mutation.tests, status, by)
    ),
    ""
  ].join("\n")
}
