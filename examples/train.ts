import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import type { Measurement } from "@moco/evaluation/Measurement"
import type { Stages } from "@moco/train/PretrainLayers"
import * as Run from "@moco/train/Run"
import type { RunConfig } from "@moco/train/RunConfig"
import { fashionMnistQuick } from "@moco/train/recipes/fashionMnistQuick"
import { Console, Effect } from "effect"

/** A small encoder and one epoch of the embedded images: some seconds. */
export const config: RunConfig = {
  ...fashionMnistQuick(),
  recipe: "example",
  encoder: { ...fashionMnistQuick().encoder, stem: "imagenet", layers: [1, 1] },
  training: { epochs: 1, batchSize: 128 }
}

/** Trains with stages of your own in place of the config's, in a run folder; gives every step's loss with the result. */
export const trainWith = Effect.fn("examples.trainWith")(function* (
  stages: Stages,
  shown: RunConfig = config,
  folder?: string
) {
  const losses: Array<number> = []
  const run = yield* Run.open({ config: shown, folder }, { stages })
  const { measurements } = yield* run.train({
    observe: (event) =>
      Effect.sync(() => void (event.event === "step" && losses.push(event.metrics["loss"]!)))
  })
  return { losses, measurements, folder: run.folder.path }
}, Effect.scoped)

/** What was measured, a line each. */
export const lines = (measurements: ReadonlyArray<Measurement>) =>
  measurements.map(({ metric, subject, value }) => `${subject}, ${metric}: ${value.toFixed(4)}`)

/** Trains and prints what came out. */
export const train = (stages: Stages, shown: RunConfig = config): void =>
  trainWith(stages, shown).pipe(
    Effect.flatMap(({ folder, losses, measurements }) =>
      Console.log(
        [
          `loss ${losses[0]!.toFixed(3)} in the first step, ${losses.at(-1)!.toFixed(3)} in the last`,
          ...lines(measurements),
          `run folder: ${folder}`
        ].join("\n")
      )
    ),
    Effect.provide(NodeServices.layer),
    NodeRuntime.runMain
  )
