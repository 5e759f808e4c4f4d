import { check as checkEnvironment } from "@moco/core/EnvironmentInvalid"
import * as Escape from "@moco/core/Escape"
import * as Catalog from "@moco/data/Catalog"
import { evaluationSplits } from "@moco/data/Catalog"
import { Progress } from "@moco/report/live/Progress"
import { leftOutOf } from "@moco/report/runs/leftOut"
import { steps } from "@moco/train/Checkpoint/store"
import type { CheckpointEvery } from "@moco/train/Checkpoints"
import { NonFinite } from "@moco/train/Diagnostics"
import { errorsIn } from "@moco/train/ExitCode"
import * as Run from "@moco/train/Run"
import * as RunFolder from "@moco/train/RunFolder"
import { Cause, Console, Effect, Exit, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { dataDirFlag, jsonFlag, namedFlag, pathFlag } from "../flags.ts"
import { profileFileOf, profileFlag, withProfile } from "../profile.ts"
import { requireUsed } from "../requireUsed.ts"
import { parseEvery } from "./train/checkpointEvery.ts"
import { commandsOf } from "./train/commandsOf.ts"
import { recipeFlag } from "./train/resolveConfig.ts"
import { sourceOf } from "./train/source.ts"
import { following, renderSummary, resultSoFar, withEvent } from "./train/summary.ts"
import { writeReportOf } from "./train/writeReportOf.ts"

const flags = {
  recipe: recipeFlag,
  config: pathFlag(
    "config",
    "YAML or JSON file whose values replace the recipe's; the config.json of a run folder too",
    "FILE"
  ),
  set: Flag.KeyValuePair("set").pipe(
    Flag.withDescription(
      "replace the value of a setting, e.g. --set loss.temperature=0.1 --set encoder.layers=[1,1,1]; `npx moco settings` lists them"
    ),
    Flag.withMetavar("PATH=VALUE"),
    Flag.withDefault({})
  ),
  seed: Flag.Int("seed").pipe(Flag.withDescription("short for --set seed=N"), Flag.optional),
  epochs: Flag.Int("epochs").pipe(Flag.withDescription("short for --set training.epochs=N"), Flag.optional),
  data: namedFlag("data").pipe(
    Flag.withDescription(
      `images to train on: a folder of one's own, or one of ${Catalog.names.join(", ")} (default: the recipe's)`
    ),
    Flag.withMetavar("DIR|NAME"),
    Flag.optional
  ),
  imageSize: Flag.Int("image-size").pipe(
    Flag.withDescription("short for --set data.imageSize=N"),
    Flag.optional
  ),
  split: Flag.Literals("split", evaluationSplits).pipe(
    Flag.withDescription("short for --set data.evaluationSplit=NAME"),
    Flag.optional
  ),
  maxBad: Flag.String("max-bad").pipe(
    Flag.withDescription("short for --set data.files.maxBad=PART; 0.01 is 1 % of the files"),
    Flag.withMetavar("PART"),
    Flag.optional
  ),
  resume: pathFlag("resume", "go on with the run in this folder where it was stopped", "RUN"),
  initFrom: pathFlag(
    "init-from",
    "begin a new run with the weights of a safetensors file (torchvision's names), or of a run that has ended",
    "FILE|RUN"
  ),
  checkpointEvery: Flag.String("checkpoint-every").pipe(
    Flag.withDescription(
      "e.g. 500steps, 1epoch, 2minutes, or several with commas (default: 1epoch,2minutes); never: only at the end"
    ),
    Flag.withMetavar("WHEN"),
    Flag.optional
  ),
  onNan: Flag.Literals("on-nan", ["stop", "rollback"]).pipe(
    Flag.withDescription(
      "when a number is not finite: stop, or go back to an earlier state and on at a lower rate"
    ),
    Flag.withDefault("stop" as const)
  ),
  out: pathFlag(
    "out",
    "the run folder (default: the next runs/<recipe>-<n>); one that holds an interrupted run of this config goes on"
  ),
  report: Flag.Boolean("report").pipe(
    Flag.withDescription(
      "look at the encoder at the end, and write report.html; --no-report leaves both out"
    ),
    Flag.withDefault(true)
  ),
  dataDir: dataDirFlag,
  profile: profileFlag("profile.json in the run folder"),
  json: jsonFlag("the result")
}

/** `moco train`: trains an encoder, from a recipe to a run folder. */
export const train = Command.make(
  "train",
  flags,
  Effect.fn("cli.train")(
    function* ({ checkpointEvery, dataDir, json, onNan, profile, report, ...flags }) {
      yield* checkEnvironment(process.env)
      const every = yield* parseEvery(checkpointEvery)
      // The images may be looked at first, which may take long.
      const source = yield* Effect.interruptible(sourceOf(flags))
      const run = yield* Run.open(source, {
        dataDir: Option.getOrUndefined(dataDir),
        approve: (config) => requireUsed(dataDir, [config])
      })
      const given = {
        "data-dir": Option.getOrUndefined(dataDir),
        "checkpoint-every": Option.getOrUndefined(checkpointEvery),
        "on-nan": onNan === "stop" ? undefined : onNan,
        report: report ? undefined : "false"
      }
      const training = trainAndTell(run, { json, every, onNan, profile, report, given })
      yield* run.folder.writing(training).pipe(Effect.provide(run.stages))
      // Stopped where the stages are made and where the run can be; all else is short, and loses no error.
    },
    Effect.scoped,
    Effect.uninterruptible,
    Effect.provideService(Run.RunMessages, {
      info: (text) => Console.log(text),
      warning: (text) => Console.error(`warning: ${text}`)
    })
  )
).pipe(
  Command.withDescription("Train an encoder by Momentum Contrast, and evaluate it beside its baselines"),
  Command.withExamples([
    { command: "npx moco train", description: "the embedded images, a few minutes" },
    {
      command: "npx moco train --epochs=1 --set loss.temperature=0.1",
      description: "with other values"
    }
  ])
)

interface TrainOptions {
  readonly json: boolean
  readonly every: CheckpointEvery
  readonly onNan: "stop" | "rollback"
  readonly profile: Option.Option<string>
  readonly report: boolean
  /** Flags that whoever goes on with the run has to give again. */
  readonly given: Readonly<Record<string, string | undefined>>
}

/** Looks at the encoder of a run that has reached its end, for its report; a run is none the worse where it cannot. */
const inspected = ({ inspect }: Run.Run) =>
  Effect.catch(inspect, (error) =>
    Console.error(`warning: what the encoder makes of images is not in the report: ${Escape.message(error)}`)
  )

/** Trains, shows how it goes, and sums up what there is when the run has ended or was stopped on the way. */
const trainAndTell = Effect.fnUntraced(function* (run: Run.Run, options: TrainOptions) {
  const { config, folder, initialWeights, progress } = run
  const profileFile = yield* profileFileOf(options.profile, folder.profile)
  let followed = following(resultSoFar(config, folder.path, progress), progress)
  let hasFinished = false
  const training = Effect.flatMap(Progress, ({ observe }) =>
    run.train({
      checkpointEvery: options.every,
      onNonFinite: options.onNan,
      observe: (event) => {
        followed = withEvent(followed, event)
        hasFinished ||= event.event === "finished"
        return observe(event)
      }
    })
  )
  const given = { flags: options.given, initial: initialWeights }
  const writeReport = (failure?: string) => writeReportOf(folder, commandsOf(folder.path, given), failure)
  const sumUp = Effect.gen(function* () {
    const leftOut = leftOutOf(yield* RunFolder.readQuarantine(folder))
    const result = { ...followed.result, leftOut }
    const [savedStep] = yield* Effect.orElseSucceed(steps(folder.checkpoints), () => [])
    const written = yield* Effect.exit(
      options.report && result.numSteps > 0 ? writeReport() : Effect.succeed(undefined)
    )
    const report = Exit.isSuccess(written) ? written.value : undefined
    yield* Console.log(renderSummary(result, config, { ...given, savedStep, report }))
    if (options.json) yield* Console.log(JSON.stringify(result))
    // All else is there and told by now.
    yield* written
  })
  /** A run that diverged is one whose curves are looked at. */
  const showFailure = Effect.fnUntraced(function* (cause: Cause.Cause<unknown>) {
    const [error] = errorsIn(cause)
    if (!(options.report && error instanceof NonFinite) || followed.result.numSteps === 0) return
    yield* Console.log(`report: ${Escape.line(yield* writeReport(Escape.message(error)))}`)
  })
  yield* training.pipe(
    withProfile(profileFile),
    Effect.provide(Progress.layer),
    Effect.tap(options.report ? inspected(run) : Effect.void),
    // Also where the encoder could not be exported in the end: what was measured is told.
    Effect.onExit((exit) =>
      hasFinished || Exit.isSuccess(exit) || Cause.hasInterrupts(exit.cause) ? sumUp : showFailure(exit.cause)
    )
  )
})
