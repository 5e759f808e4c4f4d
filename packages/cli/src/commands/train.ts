import { Backend } from "@moco/core/Backend"
import { Dataset } from "@moco/data/Dataset"
import { encoderBytes } from "@moco/train/EncoderExport"
import { pretrain } from "@moco/train/Pretrain"
import { layersOf } from "@moco/train/PretrainLayers"
import { type RunConfig, warnings } from "@moco/train/RunConfig"
import * as RunFolder from "@moco/train/RunFolder"
import { environment } from "@moco/train/RunFolder/environment"
import { RunLog } from "@moco/train/RunLog"
import { Console, Effect, Layer, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { dataDirsOf } from "../dataDirs.ts"
import { dataDirFlag, folderFlag, jsonFlag } from "../flags.ts"
import { Progress } from "../Progress.ts"
import { defaultRecipe, recipes } from "../recipes.ts"
import { resolveConfig } from "./train/resolveConfig.ts"
import { noResult, type RunResult, renderSummary, withEvent } from "./train/summary.ts"

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
  out: folderFlag("out", "the run folder (default: the next runs/<recipe>-<n>)"),
  dataDir: dataDirFlag,
  json: jsonFlag("the result")
}

/** `moco train`: trains an encoder, from a recipe to a run folder. */
export const train = Command.make(
  "train",
  flags,
  Effect.fn("cli.train")(function* ({ dataDir, json, out, ...configFlags }) {
    const config = yield* resolveConfig(configFlags)
    for (const { message, path } of warnings(config)) yield* Console.error(`warning: ${path}: ${message}`)
    const dataDirs = yield* dataDirsOf(dataDir)
    yield* trainInFolder(config, { out: Option.getOrUndefined(out), json }).pipe(
      Effect.provide(layersOf(config, { dataDirs }))
    )
  })
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

/** Trains with the layers that are there; writes whatever there is when it is stopped on the way. */
const trainInFolder = Effect.fnUntraced(function* (
  config: RunConfig,
  options: { readonly out: string | undefined; readonly json: boolean }
) {
  const folder = yield* RunFolder.create({ recipe: config.recipe, root: "runs", out: options.out })
  yield* announce(config, folder)
  let result: RunResult = noResult(config, folder.path)
  const runLog = Layer.unwrap(
    Effect.map(Progress, ({ observe }) =>
      RunLog.layerTee((event) => {
        result = withEvent(result, event)
        return observe(event)
      })
    )
  ).pipe(Layer.provide([RunLog.layerJsonLines(folder.metrics), Progress.layer]))
  const finish = Effect.uninterruptible(
    Effect.gen(function* () {
      const numBatches = result.numSteps * (config.loss.symmetric ? 2 : 1)
      yield* RunFolder.writeFile(folder.encoder, yield* encoderBytes(numBatches))
      yield* Console.log(renderSummary(result, config))
      if (options.json) yield* Console.log(JSON.stringify(result))
    })
  )
  const settings = { numEpochs: config.training.epochs, evaluateEveryEpochs: config.evaluation.everyEpochs }
  yield* pretrain(settings).pipe(
    Effect.provide(runLog),
    Effect.onInterrupt(() => Effect.catch(finish, ({ message }) => Console.error(`error: ${message}`)))
  )
  yield* finish
})

/** Writes down what is about to run, and says so. */
const announce = Effect.fnUntraced(function* (config: RunConfig, folder: RunFolder.RunFolder) {
  const backend = yield* Backend
  const dataset = yield* Dataset
  yield* RunFolder.writeConfig(folder, config)
  yield* RunFolder.writeEnvironment(folder, yield* environment(backend, config.backend.threads))
  const { test, train } = dataset
  yield* Console.log(
    [
      `${config.recipe}, seed ${config.seed}: ${train.numImages} images of ${dataset.name}, judged by ${test.numImages}`,
      `${backend.name} ${backend.version} on ${backend.device}, ${config.backend.threads} threads`,
      `run folder: ${folder.path}`
    ].join("\n")
  )
})
