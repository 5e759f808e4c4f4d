import * as SafeFile from "@moco/core/SafeFile"
import { Effect, FileSystem, Path } from "effect"
import { type Case, type Program, rowsOf } from "./Case.ts"
import { type Block, foreignLimit } from "./measure.ts"
import { PeerFileTrouble } from "./PeerError.ts"
import { summarise } from "./summary.ts"
import { renderMarkdown, tableOf } from "./table.ts"

/** What is known before the first block. */
export interface Heading {
  /** Of the beginning, ISO 8601. */
  readonly date: string
  /** Of the repository, `+` behind it where files were changed since. */
  readonly commit: string
  readonly cpu: { readonly model: string; readonly cores: number; readonly features: ReadonlyArray<string> }
  readonly memoryMiB: number
  readonly versions: { readonly node: string; readonly python: string; readonly torch: string }
  /** What was set for the blocks of both sides. */
  readonly environment: Readonly<Record<string, string>>
  readonly threads: number
  readonly augment: boolean
  readonly rounds: number
  readonly programs: ReadonlyArray<Program>
}

/** Everything, as the last line gives it and the file keeps it. */
export const reportOf = (
  heading: Heading,
  cases: ReadonlyArray<Case>,
  blocks: ReadonlyArray<Block>,
  isFinished: boolean
) => {
  const ours = blocks.flatMap(({ outcome }) =>
    outcome.kind === "measured" && outcome.result.backend !== undefined ? [outcome.result] : []
  )[0]
  return {
    format: 1,
    isFinished,
    ...heading,
    foreignLimit,
    /** As our own program sees the machine and its library. */
    machine: ours?.machine ?? null,
    backend: ours?.backend ?? null,
    spoiled: blocks.filter(({ outcome }) => outcome.kind === "measured" && outcome.isSpoiled).length,
    cases: cases.map((aCase) => ({ ...aCase, ...summarise(aCase, heading.programs, blocks) })),
    blocks
  }
}
export type Report = ReturnType<typeof reportOf>

/** Whether there is something to compare: our row of every case, and one of PyTorch's beside it. */
export const isComplete = ({ cases, programs }: Report): boolean =>
  cases.every(({ comparisons, ...aCase }) => {
    const sizes = new Set(rowsOf(aCase, programs).map(({ settings }) => settings.queueSize))
    const isPaired = programs.includes("ours") && programs.length > 1
    const hasOurs = aCase.rows.every(({ failed, program }) => program !== "ours" || failed === null)
    return hasOurs && (!isPaired || comparisons.length === sizes.size)
  })

/** The report as a page: where and of what, then a table a case. */
export const markdownOf = (report: Report): string => {
  const { commit, cpu, date, rounds, threads, augment, versions } = report
  return [
    "# Ours and PyTorch's step",
    "",
    `${date.slice(0, 10)}, commit ${commit}, ${cpu.model}, ${cpu.cores} cores; Node ${versions.node}, ` +
      `PyTorch ${versions.torch}, Python ${versions.python}. ${rounds} rounds, a process a block, the rows in turn; ` +
      `blocks during which others used more than ${100 * foreignLimit} % of the machine count only where there are no ` +
      `others ("disturbed").${report.isFinished ? "" : " **Not finished.**"}`,
    ...report.cases.flatMap((aCase) => ["", renderMarkdown(tableOf(aCase, aCase, { threads, augment }))]),
    ""
  ].join("\n")
}

/** Writes the report to `file`, and as a page beside it; each is whole at any time. */
export const write = Effect.fnUntraced(function* (file: string, report: Report) {
  const path = yield* Path.Path
  const fs = yield* FileSystem.FileSystem
  yield* Effect.gen(function* () {
    yield* fs.makeDirectory(path.dirname(file), { recursive: true })
    yield* SafeFile.replaceText(file, `${JSON.stringify(report)}\n`)
    yield* SafeFile.replaceText(markdownNameOf(file), markdownOf(report))
  }).pipe(
    Effect.mapError(
      ({ message }) =>
        new PeerFileTrouble({
          problem: message,
          hint: "choose another file with --out"
        })
    )
  )
})

/** `results/peer.json` to `results/peer.md`. */
export const markdownNameOf = (file: string): string => `${file.replace(/\.json$/, "")}.md`
