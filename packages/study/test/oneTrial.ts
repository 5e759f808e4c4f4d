import * as NodeServices from "@effect/platform-node/NodeServices"
import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import { plan } from "@moco/study/Study"
import { TrialExecutor } from "@moco/study/TrialExecutor"
import type { Stages } from "@moco/train/PretrainLayers"
import type { RunConfig } from "@moco/train/RunConfig"
import { filesOf } from "@moco/train/RunFolder/files"
import { read } from "@moco/train/RunLog"
import { tinyConfig } from "@moco/train/testing/tinyConfig"
import { Effect, FileSystem, type Layer, Path } from "effect"

/** A run of eight steps on images of a program's own. */
export const config: RunConfig = {
  ...tinyConfig,
  training: { epochs: 2, batchSize: 16 },
  evaluations: { knn: { everyEpochs: 1, k: [5], temperature: 0.1 } }
}

export const dataset = layerSynthetic({
  ...{ numTrain: 64, numTest: 24, height: 8, width: 8 },
  ...{ channels: 1, numClasses: 3, seed: 1 }
})

/** The only trial of a study with these stages, run in `folder`. */
export const ran = Effect.fnUntraced(function* (
  folder: string,
  stages: Stages,
  observe: (step: number) => Effect.Effect<void> = () => Effect.void
) {
  const cells = [{ settings: { a: 1 }, set: {} }]
  const { trials } = yield* plan({ name: "one", recipe: "test", seeds: [1], cells }, config, { stages })
  const [trial] = trials as [(typeof trials)[number]]
  const executor = yield* TrialExecutor
  const record = yield* Effect.uninterruptible(executor.run(trial, ({ step }) => observe(step)))
  const { metrics } = filesOf(yield* Path.Path, `${folder}/${record.runFolder}`)
  return { record, events: yield* Effect.orElseSucceed(read(metrics), () => []) }
})

/** In a folder of its own, which is there until the test ends. */
export const inFolder = <E>(
  test: (folder: string) => Effect.Effect<void, E, TrialExecutor | FileSystem.FileSystem | Path.Path>,
  layer: (options: {
    readonly folder: string
  }) => Layer.Layer<TrialExecutor, never, NodeServices.NodeServices>
) =>
  Effect.gen(function* () {
    const folder = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
    yield* Effect.provide(test(folder), layer({ folder }))
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
