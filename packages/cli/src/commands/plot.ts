import * as Escape from "@moco/core/Escape"
import * as SafeFile from "@moco/core/SafeFile"
import { loadDrawing } from "@moco/report/charts/load"
import { type ReadRun, readRun } from "@moco/report/charts/runChart/readRun"
import * as RunFolder from "@moco/train/RunFolder"
import { Console, Effect, Path } from "effect"
import { Command, Flag } from "effect/cli"
import { FlagsInvalid } from "../FlagsInvalid.ts"
import { namedFlag } from "../flags.ts"

const flags = {
  run: namedFlag("run").pipe(
    Flag.withDescription("the folder of a run; several are drawn into one picture, e.g. --run=A --run=B"),
    Flag.withMetavar("RUN"),
    Flag.atLeast(1)
  ),
  out: namedFlag("out").pipe(
    Flag.withDescription("the picture: FILE.svg, or FILE.png"),
    Flag.withMetavar("FILE")
  )
}

/** `moco plot`: draws runs, their loss and what was evaluated by epoch. */
export const plot = Command.make(
  "plot",
  flags,
  Effect.fn("cli.plot")(function* ({ out, run }) {
    const path = yield* Path.Path
    const format = path.extname(out).toLowerCase()
    if (format !== ".svg" && format !== ".png") {
      return yield* new FlagsInvalid({
        flags: `--out=${out}`,
        problem: "its ending names no format that is written",
        hint: "let it end in .svg or .png"
      })
    }
    const runs = distinctNames(yield* Effect.forEach([...new Set(run)], readRun))
    const { runChart } = yield* loadDrawing({ path: out, hint }, () => import("@moco/report/charts/runChart"))
    const svg = runChart(runs)
    const bytes = format === ".svg" ? new TextEncoder().encode(svg) : yield* asPng(out, svg)
    yield* RunFolder.unwritable(out)(SafeFile.makeFolders(path.dirname(out)))
    yield* RunFolder.writeFile(out, bytes)
    yield* Console.log(Escape.line(out))
  }, Effect.interruptible)
).pipe(
  Command.withDescription(
    "Draw runs: their loss and what was evaluated by epoch, beside chance and the baselines"
  ),
  Command.withExamples([
    { command: "npx moco plot --run=runs/fashionMnist10k-1 --out=run.svg", description: "one run" },
    {
      command: "npx moco plot --run=runs/mine-1 --run=runs/mine-2 --out=both.png",
      description: "two runs side by side"
    }
  ])
)

/** Folders of one name are told apart by the paths that were given. */
export const distinctNames = (runs: ReadonlyArray<ReadRun>): ReadonlyArray<ReadRun> =>
  runs.map((run) => {
    const isShared = runs.some((other) => other !== run && other.name === run.name)
    return isShared ? { ...run, name: run.path } : run
  })

const asPng = (out: string, svg: string) =>
  Effect.map(
    loadDrawing({ path: out, hint }, () => import("@moco/report/charts/png")),
    ({ renderPng }) => renderPng(svg)
  )

const hint = "close some programs or raise `ulimit -n`; where files are missing, run: npm ci"
