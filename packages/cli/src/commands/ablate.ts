import { availableParallelism } from "node:os"
import { check as checkEnvironment } from "@moco/core/EnvironmentInvalid"
import * as Escape from "@moco/core/Escape"
import { layerStudyBar } from "@moco/report/live/StudyBar"
import { writeReport } from "@moco/report/study/files"
import { studyJson, studyTable } from "@moco/report/study/text"
import { resultsOf } from "@moco/study/results"
import { completedElsewhere } from "@moco/study/reuse"
import { decodeDefinition, plan, type Study, StudyInvalid } from "@moco/study/Study"
import { StudyRecord } from "@moco/study/StudyRecord"
import { isOver, runStudy } from "@moco/study/StudyRun"
import { studies } from "@moco/study/studies"
import { layerProcesses } from "@moco/study/TrialExecutor/processes"
import { nearest } from "@moco/train/RunConfig/nearest"
import { readStructuredFile } from "@moco/train/readStructuredFile"
import { Console, Effect, Layer, Option, Path, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { dataDirFlag, jsonFlag, namedFlag, pathFlag } from "../flags.ts"
import { mainFile } from "../mainFile.ts"
import { requireUsed } from "../requireUsed.ts"
import { isOf, recipeOf } from "./ablate/studyOf.ts"

/** Every run of a study failed. */
export class StudyFruitless extends Schema.TaggedError<StudyFruitless>()("StudyFruitless", {
  study: Schema.String,
  /** The file that has the reasons. */
  record: Schema.String
}) {
  override get message() {
    return `no run of the study ${this.study} has reached its end\n  the reasons stand above and in ${this.record}; change the settings that they name`
  }
}

const flags = {
  study: namedFlag("study").pipe(
    Flag.withDescription(
      `one of ${Object.keys(studies).join(", ")}; or a YAML or JSON file with a study of your own`
    )
  ),
  out: pathFlag("out", "the study folder (default: runs/study-<name>); one that holds this study goes on"),
  report: pathFlag("report", "where tables and plots go (default: report/ in the study folder)"),
  concurrency: Flag.Int("concurrency").pipe(
    Flag.withDescription("runs side by side (default: as many as the processors allow)"),
    Flag.optional
  ),
  reuse: pathFlag("reuse", "folder of another study, whose runs are not repeated where they are the same"),
  dataDir: dataDirFlag,
  json: jsonFlag("the cells")
}

/** `moco ablate`: runs a study and reports what came out. */
export const ablate = Command.make(
  "ablate",
  flags,
  Effect.fn("cli.ablate")(function* (options) {
    yield* checkEnvironment(process.env)
    const path = yield* Path.Path
    const definition = yield* findStudy(options.study)
    const study = yield* plan(definition, yield* recipeOf(definition))
    yield* requireUsed(
      options.dataDir,
      study.trials.map((trial) => trial.config)
    )
    const threads = Math.max(...study.trials.map(({ config }) => config.backend.threads))
    const concurrency = yield* concurrencyOf(options.concurrency, threads)
    const folder = Option.getOrElse(options.out, () => path.join("runs", `study-${definition.name}`))
    const dataDir = Option.getOrUndefined(options.dataDir)
    yield* Console.log(
      `study ${definition.name}: ${study.cells.length} cells, ${definition.seeds.length} seeds; ` +
        `${concurrency} side by side, ${threads} ${threads === 1 ? "thread" : "threads"} each\nstudy folder: ${Escape.line(folder)}`
    )
    const all = yield* Effect.gen(function* () {
      if (Option.isSome(options.reuse)) yield* takeOver(study, options.reuse.value, folder)
      yield* mentionForeign(study)
      return yield* runStudy(study, concurrency)
    }).pipe(
      Effect.onInterrupt(() => Console.log("stopped; the same command goes on with what is left")),
      Effect.provide(
        Layer.mergeAll(layerProcesses({ main: mainFile, folder, dataDir }), layerStudyBar(concurrency)).pipe(
          Layer.provideMerge(StudyRecord.layerFolder(folder, study))
        )
      )
    )
    const records = all.filter(isOf(study))
    const results = resultsOf(study, records)
    const report = Option.getOrElse(options.report, () => path.join(folder, "report"))
    yield* writeReport(report, { study, results, records, command: options.study, folder })
    yield* Console.log(`\n${studyTable(results)}\n\nreport: ${Escape.line(path.join(report, "report.html"))}`)
    if (options.json) yield* Console.log(studyJson(results))
    if (results.numCompleted === 0) {
      const record = path.join(folder, "trials.jsonl")
      return yield* new StudyFruitless({ study: definition.name, record })
    }
    // Stopped while its runs are run; all else is short, and loses no error.
  }, Effect.uninterruptible)
).pipe(
  Command.withDescription(
    "Run a study: a grid of settings, each with several seeds; go on where one was stopped"
  ),
  Command.withExamples([
    {
      command: "npx moco ablate --study=smoke",
      description: "all three mechanisms, less than a minute"
    },
    { command: "npx moco ablate --study=momentum", description: "accuracy against m" },
    { command: "npx moco ablate --study=mine.yaml --concurrency=1", description: "a study of your own" }
  ])
)

/** Adds to the record what another study has run already. */
const takeOver = Effect.fnUntraced(function* (study: Study, from: string, folder: string) {
  const { all, append } = yield* StudyRecord
  const over = new Set((yield* all).filter(isOver).map(({ trial }) => trial))
  const found = (yield* completedElsewhere(study, from, folder)).filter(({ trial }) => !over.has(trial))
  yield* Effect.forEach(found, append, { discard: true })
  yield* Console.log(`${found.length} runs taken over from ${Escape.line(from)}`)
})

/** Runs in the folder that the study does not ask for, such as those of a seed that was taken out, are kept and said. */
const mentionForeign = Effect.fnUntraced(function* (study: Study) {
  const { all } = yield* StudyRecord
  const isOurs = isOf(study)
  const numForeign = (yield* all).filter((record) => !isOurs(record)).length
  if (numForeign > 0)
    yield* Console.log(`${numForeign} runs in the folder are not of this study's cells and seeds`)
})

const findStudy = Effect.fnUntraced(function* (name: string) {
  if (Object.hasOwn(studies, name)) return studies[name]!()
  if (!/[./\\]/.test(name)) {
    const near = nearest(name, Object.keys(studies))
    const hint = near === undefined ? `studies: ${Object.keys(studies).join(", ")}` : `did you mean ${near}?`
    const problem = "is neither the name of a study nor a file"
    return yield* new StudyInvalid({
      study: name,
      problems: [{ path: "--study", value: name, problem, hint }]
    })
  }
  return yield* decodeDefinition(yield* readStructuredFile("study", name), name)
})

/** Processes that a machine is asked to run side by side at most. */
const maxConcurrency = 1024

const concurrencyOf = Effect.fnUntraced(function* (wanted: Option.Option<number>, threads: number) {
  if (Option.isNone(wanted)) return Math.max(1, Math.floor(availableParallelism() / threads))
  if (wanted.value >= 1 && wanted.value <= maxConcurrency) return wanted.value
  const problem = {
    path: "--concurrency",
    value: String(wanted.value),
    problem: wanted.value < 1 ? "must be 1 or more" : `must be at most ${maxConcurrency}`,
    hint: "each run is a process of its own; by default there are as many as the processors allow"
  }
  return yield* new StudyInvalid({ study: "command line", problems: [problem] })
})
