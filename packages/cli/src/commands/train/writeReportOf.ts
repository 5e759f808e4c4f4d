import { type ReportOptions, writeRunReport } from "@moco/report/html/write"
import type { RunFolder } from "@moco/train/RunFolder"
import { Effect } from "effect"

/** Writes the report of the run in a folder into it; gives its file. */
export const writeReportOf = (
  { path, report }: RunFolder,
  commandsOf: ReportOptions["commandsOf"],
  failure: string | undefined
) =>
  Effect.as(
    writeRunReport(path, report, { commandsOf, ...(failure === undefined ? {} : { failure }) }),
    report
  )
