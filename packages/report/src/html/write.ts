import * as SafeFile from "@moco/core/SafeFile"
import * as RunFolder from "@moco/train/RunFolder"
import { Effect, Path } from "effect"
import { loadDrawing } from "../charts/load.ts"
import type { DrawnRun } from "../charts/runChart/curves.ts"
import type { Commands } from "./run/RunSource.ts"
import { readSource } from "./run/readSource.ts"

const hint =
  "nothing of the run is lost: moco report writes it when that is mended; where files are missing, run: npm ci"

export interface ReportOptions {
  /** What takes the run again and goes on with it, as the command line calls it. */
  readonly commandsOf: (run: DrawnRun) => Commands
  /** What was not finite, where the run ended by that. */
  readonly failure?: string
}

/**
 * Writes the report of the run in `folder` to `out`, in one HTML file.
 *
 * @returns the text of the file
 */
export const writeRunReport = Effect.fn("report.writeRunReport")(function* (
  folder: string,
  out: string,
  { commandsOf, failure }: ReportOptions
) {
  const source = yield* readSource(folder, commandsOf, failure)
  const { runPage } = yield* loadDrawing({ path: out, hint }, () => import("./run/runPage.ts"))
  return yield* writePage(out, runPage(source))
})

/** Writes a page as a whole or not at all, and gives it back. */
export const writePage = Effect.fn("report.writePage")(function* (out: string, html: string) {
  const path = yield* Path.Path
  yield* RunFolder.unwritable(out)(SafeFile.makeFolders(path.dirname(out)))
  yield* RunFolder.writeFile(out, new TextEncoder().encode(html))
  return html
})
