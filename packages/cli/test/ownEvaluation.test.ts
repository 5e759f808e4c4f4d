import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as Tensor from "@moco/core/Tensor"
import { Augmentation } from "@moco/data/Augmentation"
import { Dataset } from "@moco/data/Dataset"
import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import { readRange } from "@moco/data/ImageSource"
import { Evaluation } from "@moco/evaluation/Evaluation"
import { type Metric, measured } from "@moco/evaluation/Measurement"
import { metricChart } from "@moco/report/charts/metricChart"
import { runChart } from "@moco/report/charts/runChart"
import { readRun } from "@moco/report/charts/runChart/readRun"
import { evaluationLine } from "@moco/report/live/Progress/line"
import { endedLine } from "@moco/report/live/StudyBar/line"
import { studyCsv, studyJson, studyTable } from "@moco/report/study/text"
import { resultsOf } from "@moco/study/results"
import { plan, type Trial } from "@moco/study/Study"
import { completedTrial } from "@moco/study/TrialExecutor/trialRecord"
import { Checkpoints } from "@moco/train/Checkpoints"
import { pretrain } from "@moco/train/Pretrain"
import { layersOf } from "@moco/train/PretrainLayers"
import type { RunConfig } from "@moco/train/RunConfig"
import { type RunEvent, RunLog } from "@moco/train/RunLog"
import { fashionMnistQuick } from "@moco/train/recipes/fashionMnistQuick"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, FileSystem, Layer } from "effect"
import { following, renderSummary, resultSoFar, withEvent } from "../src/commands/train/summary.ts"

const metric: Metric = {
  evaluation: "uniformity",
  metric: "uniformity (t = 2)",
  unit: "nats",
  higherIsBetter: false,
  protocol: "log of the mean of exp(-2 d^2) over pairs of evaluated images, d the distance of unit features"
}

/** An evaluation that no module knows: how evenly features lie on the sphere (Wang and Isola 2020). No labels. */
const uniformity = Layer.effect(
  Evaluation,
  Effect.gen(function* () {
    const { test, train } = yield* Dataset.checked
    const source = test ?? train
    const images = yield* readRange(source, 0, source.numImages)
    const { normalize } = yield* Augmentation
    return Evaluation.of({
      ...{ name: metric.evaluation, everyEpochs: 1, metrics: [metric] },
      evaluate: ({ represent, subject }) =>
        Tensor.run("Uniformity.evaluate", () => {
          const row_NC = represent("backbone")(normalize(images))
          const unit_NC = tf.div<tf.Tensor2D>(row_NC, tf.maximum(tf.norm(row_NC, 2, 1, true), 1e-12))
          const cosine_NN = tf.matMul(unit_NC, unit_NC, false, true)
          const value = tf.log(tf.mean(tf.exp(tf.mul(tf.sub(cosine_NN, 1), 4)))).dataSync()[0]!
          return [measured(metric, subject, value)]
        })
    })
  })
)

const base: RunConfig = {
  ...fashionMnistQuick(),
  encoder: { ...fashionMnistQuick().encoder, layers: [1], width: 4, featureSize: 8, batchNormGroups: 2 },
  dictionary: { kind: "queue", size: 16 },
  training: { epochs: 2, batchSize: 10 },
  evaluations: { knn: { everyEpochs: 1, k: [5], temperature: 0.1 } }
}

const dataset = layerSynthetic({
  ...{ numTrain: 60, numTest: 8, height: 8, width: 8 },
  ...{ channels: 1, numClasses: 3, seed: 1 }
})

const studyOf = plan(
  {
    ...{ name: "own", recipe: base.recipe, seeds: [1, 2], metric: metric.metric, reference: { m: 0.99 } },
    axes: [{ setting: "momentum.m", values: [0.9, 0.99] }]
  },
  base,
  { metrics: [metric] }
)

/** Trains with the evaluation of our own beside the config's; the folder is what a run leaves. */
const trained = Effect.fnUntraced(function* ({ config, id }: Trial, root: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const folder = join(root, id)
  yield* fileSystem.makeDirectory(folder)
  yield* fileSystem.writeFileString(join(folder, "config.json"), JSON.stringify(config))
  const events: Array<RunEvent> = []
  const runLog = RunLog.layerTee((event) => Effect.sync(() => void events.push(event))).pipe(
    Layer.provide(RunLog.layerJsonLines(join(folder, "metrics.jsonl")))
  )
  yield* pretrain({ numEpochs: config.training.epochs }).pipe(
    Effect.provide([runLog, Checkpoints.layerNone]),
    Effect.provide(layersOf(config, { dataDirs: [], dataset, evaluations: [uniformity] }))
  )
  return { folder, events }
})

const valuesIn = (events: ReadonlyArray<RunEvent>, subject: string) =>
  events.flatMap((event) =>
    event.event === "evaluation"
      ? event.measurements.flatMap((found) =>
          found.metric === metric.metric && found.subject === subject ? [found.value] : []
        )
      : []
  )

const digits = (value: number) => value.toFixed(3)

describe("An evaluation of somebody's own", () => {
  it.effect("appears in log, live line, summary, chart of the run, study table and chart of the study", () =>
    Effect.gen(function* () {
      const root = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
      const study = yield* studyOf
      const runs = yield* Effect.forEach(study.trials, (trial) => trained(trial, root))
      const [{ events, folder }] = runs as [(typeof runs)[number]]
      const [afterOne, afterTwo] = valuesIn(events, "trained encoder")
      const [pixels] = valuesIn(events, "raw pixels")

      // The log, as a file.
      const drawn = yield* readRun(folder)
      assert.deepStrictEqual(valuesIn(drawn.events, "trained encoder"), [afterOne, afterTwo])
      // Beside the other evaluation, which is there as well.
      assert.strictEqual(JSON.stringify(drawn.events).split("kNN accuracy (k = 5)").length - 1, 4)

      const lines = events.flatMap((event) => (event.event === "evaluation" ? [evaluationLine(event)] : []))
      const told = `trained encoder after epoch 2: uniformity ${digits(afterTwo!)} nats (t = 2)`
      assert.isTrue(lines.some((line) => line.startsWith(told)))

      const { result } = events.reduce(withEvent, following(resultSoFar(base, "runs/own-1", undefined)))
      const summary = renderSummary(result, base, { flags: {}, savedStep: undefined })
      assert.match(summary, /uniformity +t = 2/)
      assert.include(summary.replaceAll(/ +/g, " "), `\n trained encoder ${digits(afterTwo!)} nats`)
      assert.include(summary.replaceAll(/ +/g, " "), `\n raw pixels ${digits(pixels!)} nats`)

      const picture = runChart([drawn]).replaceAll("\u00a0", " ")
      assert.include(picture, "uniformity (nats), t = 2")
      assert.include(picture, "loss, kNN accuracy and uniformity by epoch")

      const records = yield* Effect.forEach(study.trials, (trial, i) =>
        completedTrial({ trial, seconds: 1, runFolder: trial.id }, join(runs[i]!.folder, "metrics.jsonl"))
      )
      assert.include(endedLine(records[0]!), `uniformity ${digits(afterTwo!)} nats (t = 2)`)
      const results = resultsOf(study, records)
      assert.deepStrictEqual(results.metric, metric)
      assert.strictEqual(results.cells[0]!.values[0]!.value, afterTwo)
      const [cell] = results.cells
      const table = studyTable(results)
      assert.include(table, "m     uniformity (t = 2), nats")
      assert.match(table, new RegExp(`^0\\.9 +${digits(cell!.estimate!.mean)} `, "m"))
      assert.include(table, `raw pixels: ${digits(pixels!)} nats`)
      assert.match(table, /minus +nats +std/)
      assert.include(studyCsv(results), "own,0.9,uniformity (t = 2),nats,")
      assert.deepStrictEqual(JSON.parse(studyJson(results)).metric, metric)
      const chart = metricChart(results).replaceAll("\u00a0", " ")
      assert.include(chart, "own: uniformity (t = 2) by m")
      assert.include(chart, "uniformity (nats)")
      assert.notInclude(chart, "NaN")
      // Below 0, where no loss is: every seed has a place of its own.
      const dots = [...chart.matchAll(/<circle [^>]*cy="([^"]+)"/g)].map(([, y]) => y)
      assert.isAbove(new Set(dots).size, 2)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.effect("is refused as a study's metric where no run is said to measure it", () =>
    Effect.gen(function* () {
      const definition = { name: "own", recipe: base.recipe, seeds: [1], metric: metric.metric }
      const error = yield* Effect.flip(
        plan({ ...definition, cells: [{ settings: { a: 1 }, set: {} }] }, base)
      )
      assert.include(error.message, "is not measured")
    })
  )
})
