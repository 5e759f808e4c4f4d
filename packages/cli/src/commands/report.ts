import * as Escape from "@moco/core/Escape"
import { loadDrawing } from "@moco/report/charts/load"
import { type ReadRun, readRun } from "@moco/report/charts/runChart/readRun"
import { writePage, writeRunReport } from "@moco/report/html/write"
import { writeStudyPage } from "@moco/report/study/files"
import { resultsOf } from "@moco/study/results"
import { plan } from "@moco/study/Study"
import { readDefinition, readTrials } from "@moco/study/StudyRecord"
import { studies } from "@moco/study/studies"
import * as RunFolder from "@moco/train/RunFolder"
import { filesOf } from "@moco/train/RunFolder/files"
import { Console, Effect, FileSystem, Option, Path } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { dataDirFlag, pathFlag } from "../flags.ts"
import { isOf, recipeOf } from "./ablate/studyOf.ts"
import { distinctNames } from "./plot.ts"
import { inspectRun, requireOneRun } from "./report/inspectRun.ts"
import { grounds, plotFiles, requirePage } from "./report/plotFiles.ts"
import { requireFolder, requireWritable } from "./report/writable.ts"
import { commandsOf } from "./train/commandsOf.ts"

const flags = {
  runs: Argument.String("run").pipe(
    Argument.filter(
      (text) => text !== "",
      () => "a path that is not empty"
    ),
    Argument.withDescription("the folder of a run; several are compared; or the folder of a study"),
    Argument.variadic({ min: 1 })
  ),
  out: pathFlag(
    "out",
    "the page (default: report.html in the run's folder, in report/ of a study's, and here for several runs)",
    "FILE"
  ),
  inspect: Flag.Boolean("inspect").pipe(
    Flag.withDescription(
      "look at what the run's encoder makes of images first, as a run does at its end; takes what that takes"
    ),
    Flag.withDefault(false)
  ),
  dataDir: dataDirFlag,
  plots: pathFlag("plots", "write each plot of the page into this folder too, as NAME.svg and NAME.png"),
  ground: Flag.Literals("ground", grounds).pipe(
    Flag.withDescription(
      "what the plots of --plots are for: light paper (what is meant without it) or a dark screen"
    ),
    Flag.optional
  )
}

/** `moco report`: everything about a run, several runs or a study, in one HTML file. */
export const report = Command.make(
  "report",
  flags,
  Effect.fn("cli.report")(function* ({ dataDir, ground, inspect, out, plots, runs }) {
    const path = yield* Path.Path
    const [first = "", ...others] = [...new Set(runs)]
    const isOfStudy = others.length === 0 && (yield* isStudy(first))
    yield* requireOneRun({ dataDir, inspect, isOneRun: others.length === 0 && !isOfStudy })
    yield* requirePage({ ground, isOfStudy, plots })
    const file = Option.getOrElse(out, () =>
      others.length > 0
        ? "report.html"
        : isOfStudy
          ? path.join(first, "report", "report.html")
          : filesOf(path, first).report
    )
    if (inspect) {
      // All that may fail at once, before minutes of work.
      yield* readRun(first)
      yield* requireWritable(file)
      if (Option.isSome(plots)) yield* requireFolder(plots.value)
      yield* inspectRun(first, dataDir)
    }
    const html = yield* others.length > 0
      ? compare([first, ...others], file)
      : isOfStudy
        ? ofStudy(first, file)
        : ofRun(first, file)
    if (Option.isSome(plots)) yield* plotFiles(html, plots.value, ground)
    yield* Console.log(Escape.line(file))
  }, Effect.interruptible)
).pipe(
  Command.withDescription("Write what came out of a run, of several or of a study, as one HTML page to read"),
  Command.withExamples([
    { command: "npx moco report runs/fashionMnist10k-1", description: "one run" },
    {
      command: "npx moco report runs/mine-1 runs/mine-2 --out=both.html",
      description: "two runs compared"
    },
    { command: "npx moco report runs/study-momentum", description: "a study" },
    { command: "npx moco report runs/mine-1 --plots=plots", description: "and its plots, for a paper" },
    { command: "npx moco report runs/mine-1 --inspect", description: "a run that was not looked at yet" }
  ])
)

const isStudy = Effect.fnUntraced(function* (folder: string) {
  return yield* RunFolder.exists((yield* Path.Path).join(folder, "study.json"))
})

/** The commands that take a run again and go on with it, with the weights that it was given where it was. */
const commandsIn = Effect.fnUntraced(function* (folder: string) {
  const { initial } = filesOf(yield* Path.Path, folder)
  const fileSystem = yield* FileSystem.FileSystem
  const hasInitial = yield* Effect.orElseSucceed(fileSystem.exists(initial), () => false)
  return commandsOf(folder, hasInitial ? { initial } : {})
})

const ofRun = Effect.fnUntraced(function* (folder: string, out: string) {
  return yield* writeRunReport(folder, out, { commandsOf: yield* commandsIn(folder) })
})

const compare = Effect.fnUntraced(function* (folders: ReadonlyArray<string>, out: string) {
  const runs: ReadonlyArray<ReadRun> = distinctNames(yield* Effect.forEach(folders, readRun))
  const compared = yield* Effect.forEach(runs, (run) =>
    Effect.map(commandsIn(run.path), (commands) => ({ ...run, commands: commands(run) }))
  )
  const { comparePage } = yield* loadDrawing(
    { path: out, hint: "close some programs or raise `ulimit -n`; where files are missing, run: npm ci" },
    () => import("@moco/report/html/compare/comparePage")
  )
  return yield* writePage(out, comparePage(compared))
})

const ofStudy = Effect.fnUntraced(function* (folder: string, out: string) {
  const path = yield* Path.Path
  const file = path.join(folder, "study.json")
  const definition = yield* readDefinition(file)
  const study = yield* plan(definition, yield* recipeOf(definition))
  const records = newest(yield* readTrials(path.join(folder, "trials.jsonl"))).filter(isOf(study))
  const results = resultsOf(study, records)
  return yield* writeStudyPage(out, {
    study,
    results,
    records,
    command: Object.hasOwn(studies, definition.name) ? definition.name : file,
    folder
  })
})

/** The newest result of every trial. */
const newest = <R extends { readonly trial: string }>(records: ReadonlyArray<R>): ReadonlyArray<R> => [
  ...new Map(records.map((record) => [record.trial, record])).values()
]
