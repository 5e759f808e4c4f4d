import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Dataset } from "@moco/data/Dataset"
import { resultsOf } from "@moco/study/results"
import { decodeDefinition, plan } from "@moco/study/Study"
import { StudyProgress } from "@moco/study/StudyProgress"
import { StudyRecord } from "@moco/study/StudyRecord"
import { runStudy } from "@moco/study/StudyRun"
import { layerInProcess } from "@moco/study/TrialExecutor/inProcess"
import type { RunConfig } from "@moco/train/RunConfig"
import { Console, Effect } from "effect"
import { config, trainWith } from "./train.ts"

/** Gray squares with stripes: of `count` images, class 0 has them upright and class 1 lying, at any place and width. */
const stripes = (count: number) => {
  const pixels_NHWC = Uint8Array.from({ length: count * 256 }, (_, i) => {
    const [image, row, column] = [i >> 8, (i >> 4) & 15, i & 15]
    const along = image % 2 === 0 ? column : row
    return ((along + image) % (4 + (image % 5))) * 40
  })
  const labels = Int32Array.from({ length: count }, (_, image) => image % 2)
  return { pixels_NHWC, labels, numImages: count, height: 16, width: 16, channels: 1 }
}

/**
 * A data set of your own: pixels and, if there are any, labels. Runs on it have a folder and checkpoints, go on where
 * they were stopped, and can be compared in a study like any other.
 *
 *     npx nx run examples:own-data
 */
export const dataset = Dataset.layerOf({
  name: "stripes",
  classes: ["upright", "lying"],
  train: stripes(1_000),
  test: stripes(200)
})

/** `own` is the name of what a program brings. */
export const ownConfig: RunConfig = {
  ...config,
  data: { name: "own", evaluationSplit: "test", imageSize: 16 },
  dictionary: { kind: "queue", size: 256 }
}

/** Two queue sizes compared, in this process; started again, it goes on with what is left. */
export const compare = Effect.fn("examples.compare")(function* (folder: string, base: RunConfig = ownConfig) {
  const axes = [{ name: "K", setting: "dictionary.size", values: [128, 256] }]
  const definition = { name: "stripes", recipe: base.recipe, axes, seeds: [1] }
  const decoded = yield* decodeDefinition(definition, "examples/own-data.ts")
  const study = yield* plan(decoded, base, { stages: { dataset } })
  const records = yield* runStudy(study, 1).pipe(
    Effect.provide([layerInProcess({ folder }), StudyProgress.layerSilent]),
    Effect.provide(StudyRecord.layerFolder(folder, study))
  )
  return resultsOf(study, records)
})

if (import.meta.main) {
  Effect.gen(function* () {
    yield* trainWith({ dataset }, ownConfig, "runs/stripes-run")
    const { cells } = yield* compare("runs/stripes")
    yield* Console.log(
      JSON.stringify(cells.map(({ estimate, settings }) => ({ ...settings, mean: estimate?.mean })))
    )
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer), NodeRuntime.runMain)
}
