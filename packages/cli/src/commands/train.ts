import { Backend } from "@moco/core/Backend"
import { check as checkEnvironment, threadsIn } from "@moco/core/EnvironmentInvalid"
import * as Escape from "@moco/core/Escape"
import * as SafeFile from "@moco/core/SafeFile"
import { Dataset } from "@moco/data/Dataset"
import { Progress } from "@moco/report/live/Progress"
import { type Fingerprint, fingerprintDifferences, fingerprintOf } from "@moco/train/Checkpoint/fingerprint"
import type { StoredCheckpoint } from "@moco/train/Checkpoint/load"
import { steps } from "@moco/train/Checkpoint/store"
import { type CheckpointEvery, Checkpoints } from "@moco/train/Checkpoints"
import { dataDirsOf } from "@moco/train/dataDirs"
import { cardMetadata, encoderCard } from "@moco/train/EncoderCard"
import { encoderBytes } from "@moco/train/EncoderExport"
import { explained } from "@moco/train/OutOfMemory"
import { pretrain } from "@moco/train/Pretrain"
import { layersOf } from "@moco/train/PretrainLayers"
import { type RunConfig, warnings } from "@moco/train/RunConfig"
import * as RunFolder from "@moco/train/RunFolder"
import { environment } from "@moco/train/RunFolder/environment"
import { RunLog } from "@moco/train/RunLog"
import { RunState } from "@moco/train/RunState"
import { ByteSize, Cause, Console, Effect, Exit, FileSystem, Layer, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { dataDirFlag, jsonFlag, pathFlag } from "../flags.ts"
import { profileFileOf, profileFlag, withProfile } from "../profile.ts"
import { beginWith } from "./train/beginWith.ts"
import { parseEvery } from "./train/checkpointEvery.ts"
import { layerEncoderLast } from "./train/encoderLast.ts"
import { changeOf, goOnWith } from "./train/goOnWith.ts"
import { recipeFlag } from "./train/resolveConfig.ts"
import { type RunStart, startOf, tellOfDamage } from "./train/start.ts"
import { type RunResult, renderSummary, resultSoFar, withEvent } from "./train/summary.ts"

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
  dataDir: dataDirFlag,
  profile: profileFlag("profile.json in the run folder"),
  json: jsonFlag("the result")
}

/** `moco train`: trains an encoder, from a recipe to a run folder. */
export const train = Command.make(
  "train",
  flags,
  Effect.fn("cli.train")(
    function* ({ checkpointEvery, json, onNan, profile, ...flags }) {
      yield* checkEnvironment(process.env)
      const every = yield* parseEvery(checkpointEvery)
      const start = yield* startOf(flags)
      const { config } = start
      for (const { message, path } of warnings(config)) yield* Console.error(`warning: ${path}: ${message}`)
      const dataDirs = yield* dataDirsOf(Option.getOrUndefined(flags.dataDir))
      const weights = start.initial === undefined ? {} : { initial: start.initial }
      const given = {
        "data-dir": Option.getOrUndefined(flags.dataDir),
        "checkpoint-every": Option.getOrUndefined(checkpointEvery),
        "on-nan": onNan === "stop" ? undefined : onNan
      }
      const layers = RunState.layer.pipe(Layer.provideMerge(layersOf(config, { dataDirs, ...weights })))
      yield* Effect.gen(function* () {
        const stages = yield* Effect.interruptible(Layer.build(layers))
        yield* Effect.provide(trainInFolder(start, { json, every, onNan, profile, given }), stages)
        // Behind the layers: the dictionary and the encoder take their memory when they are made.
      }).pipe(explained(config))
      // Stopped where the layers are made and where `pretrain` can be; all else is short, and loses no error.
    },
    Effect.scoped,
    Effect.uninterruptible
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
  /** Flags that whoever goes on with the run has to give again. */
  readonly given: Readonly<Record<string, string | undefined>>
}

/** Checkpoints that are kept beside the best one. */
const keep = 2

/** Trains with the layers that are there; saves and writes whatever there is when it is stopped on the way. */
const trainInFolder = Effect.fnUntraced(function* (start: RunStart, options: TrainOptions) {
  const folder = start.folder ?? (yield* RunFolder.createNumbered("runs", start.config.recipe))
  return yield* folder.writing(trainIn(folder, start, options))
})

const trainIn = Effect.fnUntraced(function* (
  folder: RunFolder.RunFolder,
  start: RunStart,
  options: TrainOptions
) {
  const { config, from } = start
  const { every, json, onNan } = options
  const isThere = yield* RunFolder.hold(folder)
  const change = yield* changeOf(start)
  if (change === undefined) yield* RunFolder.writeConfig(folder, config)
  const fingerprint = yield* announce(config, folder)
  const initialised = yield* beginWith(start, folder)
  if (from !== undefined) yield* restore(from, fingerprint)
  const profileFile = yield* profileFileOf(options.profile, folder.profile)
  yield* cutLog(folder.metrics, from?.manifest.progress.logPosition ?? 0)
  let result: RunResult = resultSoFar(config, folder.path, start.progress)
  const runLog = Layer.unwrap(
    Effect.map(Progress, ({ observe }) =>
      RunLog.layerTee((event) => {
        result = withEvent(result, event)
        return observe(event)
      })
    )
  ).pipe(
    Layer.provide(layerEncoderLast(folder.encoderCard, folder.encoder)),
    Layer.provide([RunLog.layerJsonLines(folder.metrics), Progress.layer])
  )
  const checkpoints = Checkpoints.layerFolder({
    root: folder.checkpoints,
    isThere,
    every,
    keep,
    config,
    fingerprint,
    onCorrupt: tellOfDamage
  })
  const writeEncoder = Effect.gen(function* () {
    const numBatches = result.numSteps * (config.loss.symmetric ? 2 : 1)
    yield* RunFolder.unwritable(folder.path)(isThere)
    const card = yield* encoderCard(config, result.numSteps)
    yield* RunFolder.writeFile(folder.encoder, yield* encoderBytes(numBatches, cardMetadata(card)))
    // Behind it: a card must not tell of another encoder than the one beside it.
    yield* RunFolder.writeEncoderCard(folder, card)
  })
  const initial = start.initial === undefined ? undefined : folder.initial
  const sumUp = Effect.gen(function* () {
    const [savedStep] = yield* Effect.orElseSucceed(steps(folder.checkpoints), () => [])
    yield* Console.log(renderSummary(result, config, { flags: options.given, savedStep, initial }))
    if (json) yield* Console.log(JSON.stringify(result))
  })
  const progress = change === undefined ? Effect.succeed(start.progress) : goOnWith(change, start, folder)
  yield* Effect.flatMap(Effect.andThen(initialised, progress), (from) =>
    pretrain({
      numEpochs: config.training.epochs,
      onNonFinite: onNan,
      ...(from === undefined ? {} : { from })
    })
  ).pipe(
    withProfile(profileFile),
    Effect.provide(Layer.merge(runLog, checkpoints)),
    // Each whether or not the other can be done, and what cannot is told.
    Effect.onExit((exit) =>
      Exit.isSuccess(exit) || Cause.hasInterrupts(exit.cause)
        ? Effect.onExit(writeEncoder, () => sumUp)
        : Effect.void
    )
  )
})

/** Puts a checkpoint's state in place; where the machine is another one, says that bits may differ. */
const restore = Effect.fnUntraced(function* (
  { manifest, parts }: StoredCheckpoint,
  fingerprint: Fingerprint
) {
  const state = yield* RunState
  for (const difference of fingerprintDifferences(manifest.fingerprint, fingerprint)) {
    yield* Console.error(`warning: ${Escape.line(difference)}: the run goes on, and its last bits may differ`)
  }
  yield* state.restore({ parts, counters: manifest.counters })
  yield* Console.log(`goes on after step ${manifest.progress.step}`)
})

/** Removes from the log what belongs to steps that are taken again. */
const cutLog = Effect.fnUntraced(function* (metrics: string, position: number) {
  const fileSystem = yield* FileSystem.FileSystem
  const found = yield* Effect.option(fileSystem.stat(metrics))
  if (Option.isNone(found) && position === 0) return
  const size = Option.match(found, { onNone: () => 0, onSome: ({ size }) => Number(ByteSize.toBigInt(size)) })
  if (size >= position) return yield* RunFolder.unwritable(metrics)(SafeFile.cut(metrics, position))
  const missing = `${Escape.line(metrics)} ends ${position - size} bytes before the checkpoint was made`
  yield* Console.error(`warning: ${missing}: the run goes on, and these lines are lost`)
})

/** Writes down what is about to run, and says so. */
const announce = Effect.fnUntraced(function* (config: RunConfig, folder: RunFolder.RunFolder) {
  const backend = yield* Backend
  const dataset = yield* Dataset
  const threads = threadsIn(process.env, config.backend.threads)
  const found = yield* environment(backend, threads)
  yield* RunFolder.writeEnvironment(folder, found)
  const { test, train } = dataset
  yield* Console.log(
    [
      `${config.recipe}, seed ${config.seed}: ${train.numImages} images of ${dataset.name}, evaluated on ${test.numImages}`,
      `${backend.name} ${Escape.line(backend.version)} on ${backend.device}, ${threads} ${threads === 1 ? "thread" : "threads"}`,
      `run folder: ${Escape.line(folder.path)}`
    ].join("\n")
  )
  return fingerprintOf(backend, threads, found.cpu)
})
