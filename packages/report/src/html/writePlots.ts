import * as SafeFile from "@moco/core/SafeFile"
import * as RunFolder from "@moco/train/RunFolder"
import { Effect, Path } from "effect"
import { loadDrawing } from "../charts/load.ts"
import type { Ground } from "./plots.ts"

const hint = "give another folder, or make room; the page and the run are there"

/** What was written, and what the plots lack. */
export interface WrittenPlots {
  readonly count: number
  readonly left: ReadonlyArray<string>
}

/** Writes the plots of a page into a folder, each as NAME.svg and NAME.png. */
export const writePlots = Effect.fn("report.writePlots")(function* (
  html: string,
  folder: string,
  ground: Ground
) {
  const path = yield* Path.Path
  const load = <A>(part: () => Promise<A>) => loadDrawing({ path: folder, hint }, part)
  const { plotsOf } = yield* load(() => import("./plots.ts"))
  const { renderPng } = yield* load(() => import("../charts/png.ts"))
  yield* RunFolder.unwritable(folder)(SafeFile.makeFolders(folder))
  const { left, plots } = yield* Effect.promise(() => plotsOf(html, ground))
  for (const { name, svg } of plots) {
    yield* RunFolder.writeFile(path.join(folder, `${name}.svg`), new TextEncoder().encode(svg))
    yield* RunFolder.writeFile(path.join(folder, `${name}.png`), renderPng(svg))
    yield* Effect.yieldNow
  }
  const written: WrittenPlots = { count: plots.length, left }
  return written
})
