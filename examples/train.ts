import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Checkpoints } from "@moco/train/Checkpoints"
import { pretrain } from "@moco/train/Pretrain"
import { layersOf, type StageOptions } from "@moco/train/PretrainLayers"
import type { RunConfig } from "@moco/train/RunConfig"
import { RunLog } from "@moco/train/RunLog"
import { fashionMnistQuick } from "@moco/train/recipes/fashionMnistQuick"
import { Console, Effect, Layer } from "effect"

/** A small encoder and one epoch of the embedded images: some seconds. */
export const config: RunConfig = {
  ...fashionMnistQuick(),
  encoder: { ...fashionMnistQuick().encoder, stem: "imagenet", layers: [1, 1] },
  training: { epochs: 1, batchSize: 128 }
}

/** Trains with stages of your own in place of the config's, and gives the loss of every step with the result. */
export const trainWith = Effect.fn("examples.trainWith")(function* (
  stages: Omit<StageOptions, "dataDirs">,
  shown: RunConfig = config
) {
  const losses: Array<number> = []
  const runLog = RunLog.layerTee((event) =>
    Effect.sync(() => void (event.event === "step" && losses.push(event.metrics["loss"]!)))
  ).pipe(Layer.provide(RunLog.layerMemory))
  const result = yield* pretrain({ numEpochs: shown.training.epochs }).pipe(
    Effect.provide([runLog, Checkpoints.layerNone]),
    Effect.provide(layersOf(shown, { dataDirs: [], ...stages }))
  )
  return { losses, ...result }
})

/** Trains and prints what came out. */
export const train = (stages: Omit<StageOptions, "dataDirs">): void =>
  trainWith(stages).pipe(
    Effect.flatMap(({ losses, measurements }) =>
      Console.log(
        [
          `loss ${losses[0]!.toFixed(3)} in the first step, ${losses.at(-1)!.toFixed(3)} in the last`,
          ...measurements.map(({ metric, subject, value }) => `${subject}, ${metric}: ${value}`)
        ].join("\n")
      )
    ),
    Effect.provide(NodeServices.layer),
    NodeRuntime.runMain
  )
