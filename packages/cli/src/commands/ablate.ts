import { availableParallelism } from "node:os"
import { nearest } from "@moco/train/RunConfig/nearest"
import type { StudyDefinition } from "@moco/train/Study"
import { decodeDefinition, plan, type Study, StudyInvalid } from "@moco/train/Study"
import { resultsOf } from "@moco/train/Study/results"
import { completedElsewhere } from "@moco/train/Study/reuse"
import { StudyRecord } from "@moco/train/StudyRecord"
import { runStudy } from "@moco/train/StudyRun"
import { Console, Effect, Layer, Option, Path } from "effect"
import { Command, Flag } from "effect/cli"
import { readStructuredFile } from "../readStructuredFile.ts"
import { recipes } from "../recipes.ts"
import { layerStudyBar } from "../StudyBar.ts"
import { studies } from "../studies.ts"
import { layerProcesses } from "./ablate/processExecutor.ts"
import { studyJson, studyTable } from "./ablate/render.ts"
import { writeReport } from "./ablate/report.ts"

const flags = {
  study: Flag.String("study").pipe(
    Flag.withDescription(
      `one of ${Object.keys(studies).join(", ")}; or a YAML or JSON file with a study of your own`
    )
  ),
  out: Flag.String("out").pipe(
    Flag.withDescription("the study folder (default: runs/study-<name>); one that holds this study goes on"),
    Flag.withMetavar("DIR"),
    Flag.optional
  ),
  report: Flag.String("report").pipe(
    Flag.withDescription("where tables and plots go (default: report/ in the study folder)"),
    Flag.withMetavar("DIR"),
    Flag.optional
  ),
  concurrency: Flag.Int("concurrency").pipe(
    Flag.withDescription("runs side by side (default: as many as the processors allow)"),
    Flag.optional
  ),
  reuse: Flag.String("reuse").pipe(
    Flag.withDescription("folder of another study, whose runs are not repeated where they are the same"),
    Flag.withMetavar("DIR"),
    Flag.optional
  ),
  dataDir: Flag.String("data-dir").pipe(
    Flag.withDescription("folder with the files of a data set that does not come with the repository"),
    Flag.withMetavar("DIR"),
    Flag.optional
  ),
  json: Flag.Boolean("json").pipe(
    Flag.withDescription("print the cells as one JSON object on the last line"),
    Flag.withDefault(false)
  )
}

/** `moco ablate`: runs a study and reports what came out. */
export const ablate = Command.make(
  "ablate",
  flags,
  Effect.fn("cli.ablate")(function* (options) {
    const path = yield* Path.Path
    const definition = yield* findStudy(options.study)
    const study = yield* plan(definition, yield* recipeOf(definition))
    const threads = study.trials[0]!.config.backend.threads
    const concurrency = yield* concurrencyOf(options.concurrency, threads)
    const folder = Option.getOrElse(options.out, () => path.join("runs", `study-${definition.name}`))
    const dataDir = Option.getOrUndefined(options.dataDir)
    yield* Console.log(
      `study ${definition.name}: ${study.cells.length} cells, ${definition.seeds.length} seeds; ` +
        `${concurrency} side by side, ${threads} ${threads === 1 ? "thread" : "threads"} each\nstudy folder: ${folder}`
    )
    const records = yield* Effect.gen(function* () {
      if (Option.isSome(options.reuse)) yield* takeOver(study, options.reuse.value, folder)
      return yield* runStudy(study, concurrency)
    }).pipe(
      Effect.onInterrupt(() => Console.log("stopped; the same command goes on with what is left")),
      Effect.provide(Layer.merge(layerProcesses({ folder, dataDir }), layerStudyBar(concurrency))),
      Effect.provide(StudyRecord.layerFolder(folder, study))
    )
    const results = resultsOf(study, records)
    const report = Option.getOrElse(options.report, () => path.join(folder, "report"))
    yield* writeReport(report, { study, results, records, concurrency, command: options.study, folder })
    yield* Console.log(`\n${studyTable(results)}\n\nreport: ${path.join(report, "report.md")}`)
    if (options.json) yield* Console.log(studyJson(results))
  })
).pipe(
  Command.withDescription(
    "Run a study: a grid of settings, each with several seeds; go on where one was stopped"
  ),
  Command.withExamples([
    {
      command: "npx nx run cli:ablate --study=smoke",
      description: "all three mechanisms, less than a minute"
    },
    { command: "npx nx run cli:ablate --study=momentum", description: "accuracy against m" },
    { command: "npx nx run cli:ablate --study=mine.yaml --concurrency=1", description: "a study of your own" }
  ])
)

/** Adds to the record what another study has run already. */
const takeOver = Effect.fnUntraced(function* (study: Study, from: string, folder: string) {
  const { all, append } = yield* StudyRecord
  const known = new Set((yield* all).map(({ trial }) => trial))
  const found = (yield* completedElsewhere(study, from, folder)).filter(({ trial }) => !known.has(trial))
  yield* Effect.forEach(found, append, { discard: true })
  yield* Console.log(`${found.length} runs taken over from ${from}`)
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

const recipeOf = Effect.fnUntraced(function* ({ name, recipe }: StudyDefinition) {
  if (Object.hasOwn(recipes, recipe)) return recipes[recipe]!()
  const near = nearest(recipe, Object.keys(recipes))
  const hint = near === undefined ? `recipes: ${Object.keys(recipes).join(", ")}` : `did you mean ${near}?`
  const problem = "is not the name of a recipe"
  return yield* new StudyInvalid({
    study: name,
    problems: [{ path: "recipe", value: recipe, problem, hint }]
  })
})

const concurrencyOf = Effect.fnUntraced(function* (wanted: Option.Option<number>, threads: number) {
  if (Option.isNone(wanted)) return Math.max(1, Math.floor(availableParallelism() / threads))
  if (wanted.value >= 1) return wanted.value
  const problem = {
    path: "--concurrency",
    value: String(wanted.value),
    problem: "must be 1 or more",
    hint: ""
  }
  return yield* new StudyInvalid({ study: "command line", problems: [problem] })
})
