import { Backend } from "@moco/core/Backend"
import { Dataset } from "@moco/data/Dataset"
import { type Fingerprint, fingerprintDifferences, fingerprintOf } from "@moco/train/Checkpoint/fingerprint"
import type { StoredCheckpoint } from "@moco/train/Checkpoint/load"
import { type CheckpointEvery, Checkpoints } from "@moco/train/Checkpoints"
import { encoderBytes } from "@moco/train/EncoderExport"
import { explain } from "@moco/train/OutOfMemory"
import { pretrain } from "@moco/train/Pretrain"
import { layersOf } from "@moco/train/PretrainLayers"
import { type RunConfig, warnings } from "@moco/train/RunConfig"
import * as RunFolder from "@moco/train/RunFolder"
import { environment } from "@moco/train/RunFolder/environment"
import { RunLog } from "@moco/train/RunLog"
import { RunState } from "@moco/train/RunState"
import { ByteSize, Console, Effect, FileSystem, Layer, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { dataDirsOf } from "../dataDirs.ts"
import { dataDirFlag, folderFlag, jsonFlag } from "../flags.ts"
import { Progress } from "../Progress.ts"
import { profileFileOf, profileFlag, withProfile } from "../profile.ts"
import { defaultRecipe, recipes } from "../recipes.ts"
import { beginWith } from "./train/beginWith.ts"
import { parseEvery } from "./train/checkpointEvery.ts"
import { layerEncoderLast } from "./train/encoderLast.ts"
import { changeOf, goOnWith } from "./train/goOnWith.ts"
import { type RunStart, startOf, tellOfDamage } from "./train/start.ts"
import { type RunResult, renderSummary, resultSoFar, withEvent } from "./train/summary.ts"

const flags = {
  recipe: Flag.String("recipe").pipe(
    Flag.withDescription(`one of ${Object.keys(recipes).join(", ")} (default: ${defaultRecipe})`),
    Flag.optional
  ),
  config: Flag.String("config").pipe(
    Flag.withDescription(
      "YAML or JSON file whose values replace the recipe's; the config.json of a run folder too"
    ),
    Flag.withMetavar("FILE"),
    Flag.optional
  ),
  set: Flag.KeyValuePair("set").pipe(
    Flag.withDescription("replace one value, e.g. --set loss.temperature=0.1 --set encoder.layers=[1,1,1]"),
    Flag.withMetavar("path=value"),
    Flag.withDefault({})
  ),
  seed: Flag.Int("seed").pipe(Flag.withDescription("short for --set seed=N"), Flag.optional),
  epochs: Flag.Int("epochs").pipe(Flag.withDescription("short for --set training.epochs=N"), Flag.optional),
  resume: Flag.String("resume").pipe(
    Flag.withDescription("go on with the run in this folder where it was stopped"),
    Flag.withMetavar("RUN"),
    Flag.optional
  ),
  initFrom: Flag.String("init-from").pipe(
    Flag.withDescription(
      "begin a new run with the weights of a safetensors file (torchvision's names), or of a run that has ended"
    ),
    Flag.withMetavar("FILE|RUN"),
    Flag.optional
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
      "when a number is not finite: stop, or go back to the last checkpoint and on at half the rate"
    ),
    Flag.withDefault("stop" as const)
  ),
  out: folderFlag(
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
  Effect.fn("cli.train")(function* ({ checkpointEvery, dataDir, json, onNan, profile, ...flags }) {
    const every = yield* parseEvery(checkpointEvery)
    const start = yield* startOf(flags)
    const { config } = start
    for (const { message, path } of warnings(config)) yield* Console.error(`warning: ${path}: ${message}`)
    const dataDirs = yield* dataDirsOf(dataDir)
    const given = start.initial === undefined ? {} : { initial: start.initial }
    yield* trainInFolder(start, { json, every, onNan, profile }).pipe(
      Effect.provide(RunState.layer.pipe(Layer.provideMerge(layersOf(config, { dataDirs, ...given })))),
      // Behind the layers: the dictionary and the encoder take their memory when they are made.
      Effect.catchTag("TensorError", (error) => Effect.fail(explain(error, config)))
    )
  }, Effect.scoped)
).pipe(
  Command.withDescription("Train an encoder by Momentum Contrast and judge it by its nearest neighbours"),
  Command.withExamples([
    { command: "npx nx run cli:train", description: "the embedded images, a few minutes" },
    {
      command: "npx nx run cli:train --epochs=1 --set loss.temperature=0.1",
      description: "with other values"
    }
  ])
)

interface TrainOptions {
  readonly json: boolean
  readonly every: CheckpointEvery
  readonly onNan: "stop" | "rollback"
  readonly profile: Option.Option<string>
}

/** Checkpoints that are kept beside the best one. */
const keep = 2

/** Trains with the layers that are there; saves and writes whatever there is when it is stopped on the way. */
const trainInFolder = Effect.fnUntraced(function* (start: RunStart, options: TrainOptions) {
  const { config, from } = start
  const { every, json, onNan } = options
  const folder = start.folder ?? (yield* RunFolder.createNumbered("runs", config.recipe))
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
    Layer.provide(layerEncoderLast(folder.encoder)),
    Layer.provide([RunLog.layerJsonLines(folder.metrics), Progress.layer])
  )
  const checkpoints = Checkpoints.layerFolder({
    root: folder.checkpoints,
    every,
    keep,
    config,
    fingerprint,
    onCorrupt: tellOfDamage
  })
  const finish = Effect.uninterruptible(
    Effect.gen(function* () {
      const numBatches = result.numSteps * (config.loss.symmetric ? 2 : 1)
      yield* RunFolder.writeFile(folder.encoder, yield* encoderBytes(numBatches))
      yield* Console.log(renderSummary(result, config))
      if (json) yield* Console.log(JSON.stringify(result))
    })
  )
  const progress = change === undefined ? Effect.succeed(start.progress) : goOnWith(change, start, folder)
  yield* Effect.flatMap(Effect.andThen(initialised, progress), (from) =>
    pretrain({
      numEpochs: config.training.epochs,
      evaluateEveryEpochs: config.evaluation.everyEpochs,
      onNonFinite: onNan,
      ...(from === undefined ? {} : { from })
    })
  ).pipe(
    withProfile(profileFile),
    Effect.provide(Layer.merge(runLog, checkpoints)),
    Effect.onInterrupt(() => Effect.catch(finish, ({ message }) => Console.error(`error: ${message}`)))
  )
  yield* finish
})

/** Puts a checkpoint's state in place; where the machine is another one, says that bits may differ. */
const restore = Effect.fnUntraced(function* (
  { manifest, parts }: StoredCheckpoint,
  fingerprint: Fingerprint
) {
  const state = yield* RunState
  for (const difference of fingerprintDifferences(manifest.fingerprint, fingerprint)) {
    yield* Console.error(`warning: ${difference}: the run goes on, and its last bits may differ`)
  }
  yield* state.restore({ parts, counters: manifest.counters })
  yield* Console.log(`goes on after step ${manifest.progress.step}`)
})

/** Removes from the log what belongs to steps that are taken again. */
const cutLog = Effect.fnUntraced(function* (metrics: string, position: number) {
  const fileSystem = yield* FileSystem.FileSystem
  const found = yield* Effect.option(fileSystem.stat(metrics))
  if (Option.isNone(found)) return
  const size = Number(ByteSize.toBigInt(found.value.size))
  if (size >= position) return yield* RunFolder.unwritable(metrics)(fileSystem.truncate(metrics, position))
  const missing = `${metrics} ends ${position - size} bytes before the checkpoint was made`
  yield* Console.error(`warning: ${missing}: the run goes on, and these lines are lost`)
})

/** Writes down what is about to run, and says so. */
const announce = Effect.fnUntraced(function* (config: RunConfig, folder: RunFolder.RunFolder) {
  const backend = yield* Backend
  const dataset = yield* Dataset
  const found = yield* environment(backend, config.backend.threads)
  yield* RunFolder.writeEnvironment(folder, found)
  const { test, train } = dataset
  yield* Console.log(
    [
      `${config.recipe}, seed ${config.seed}: ${train.numImages} images of ${dataset.name}, judged by ${test.numImages}`,
      `${backend.name} ${backend.version} on ${backend.device}, ${config.backend.threads} threads`,
      `run folder: ${folder.path}`
    ].join("\n")
  )
  return fingerprintOf(backend, config.backend.threads, found.cpu)
})
