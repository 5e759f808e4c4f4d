import { positiveUpTo, upTo } from "@moco/core/Setting"
import * as Stage from "@moco/core/Stage"
import { Schema } from "effect"
import { EncoderLayer } from "../Embedding.ts"
import { EveryEpochs } from "../Evaluation.ts"
import { probeOf } from "../linear/sgdProbe.ts"
import type { Metric } from "../Measurement.ts"
import { PartsOfLabels, partInWords, partsNeeds } from "../partsOfLabels.ts"

export const name = "linear"

const ofSgd = (what: string, authors: number) =>
  `${what} where fit is sgd or sgdCrops; ${authors} where it is left out`

/** Settings of the linear probe. */
export const LinearSettings = Schema.Struct({
  everyEpochs: EveryEpochs,
  labels: PartsOfLabels.annotate({
    description:
      "parts of the training labels that the probe is given, of each class as many: 1 is all, 0.01 one in 100"
  }),
  fit: Schema.optionalKey(
    Schema.Literals(["lbfgs", "sgd", "sgdCrops"]).annotate({
      description:
        "lbfgs (what is meant where it is left out): logistic regression, its regulariser chosen on a fifth of the labels; " +
        "sgd: the authors' schedule, learning rate 30, 100 epochs, on features that are computed once; " +
        "sgdCrops: the same on random crops and flips, which go through the encoder anew in every epoch"
    })
  ),
  epochs: Schema.optionalKey(
    upTo(100_000).annotate({ description: ofSgd("times that each image is seen", 100), unit: "epochs" })
  ),
  learningRate: Schema.optionalKey(
    positiveUpTo(1e6).annotate({
      description: ofSgd(
        "size of a step at the start, a tenth of it after 60 and after 80 % of the epochs,",
        30
      ),
      unit: "unitless"
    })
  ),
  batchSize: Schema.optionalKey(
    upTo(1_000_000).annotate({ description: ofSgd("images in a step", 256), unit: "images" })
  ),
  layer: Schema.optionalKey(EncoderLayer)
}).annotate({ description: "linear classification of frozen features; null leaves it out" })
export type LinearSettings = typeof LinearSettings.Type

const lbfgs =
  "logistic regression by L-BFGS on standardised features, its regulariser chosen on a fifth of these labels (1 where no " +
  "class has two)"

const sgd = (settings: LinearSettings): string => {
  const { batchSize, epochs, learningRate, milestones } = probeOf(settings)
  const from = milestones.length === 1 ? "epoch" : "epochs"
  const falls = milestones.length === 0 ? "" : `, a tenth of it from ${from} ${milestones.join(" and ")}`
  return `SGD with learning rate ${learningRate}${falls}, ${epochs} epochs of batches of ${batchSize}, no weight decay`
}

/** How the classifier is fitted, and by which images. */
const fitInWords = (settings: LinearSettings, where: string): string => {
  switch (settings.fit ?? "lbfgs") {
    case "lbfgs":
      return `${lbfgs}; encoder frozen, ${where}, test transform`
    case "sgd":
      return `${sgd(settings)}; encoder frozen, ${where}, test transform`
    case "sgdCrops":
      return (
        `${sgd(settings)}, on crops of 8 to 100 % of the image's area, 3:4 to 4:3 wide, and flips, drawn anew in every ` +
        `epoch; encoder frozen, ${where}, evaluated under the test transform`
      )
  }
}

/** Part of the evaluated images that a linear classifier of the features tells rightly, given a part of the labels. */
const linearAccuracy = (part: number, settings: LinearSettings): Metric => ({
  evaluation: name,
  metric: `linear probe accuracy (${partInWords(part)})`,
  unit: "fraction",
  higherIsBetter: true,
  protocol: fitInWords(settings, settings.layer ?? "backbone")
})

export const metricsOf = (settings: LinearSettings): ReadonlyArray<Metric> =>
  settings.labels.map((part) => linearAccuracy(part, settings))

const ofSgdAlone = ["epochs", "learningRate", "batchSize"] as const

export const needsOf = (settings: LinearSettings): ReadonlyArray<Stage.Need> => [
  ...partsNeeds(settings.labels),
  ...ofSgdAlone.map((field) =>
    Stage.that(
      (settings.fit ?? "lbfgs") !== "lbfgs" || settings[field] === undefined,
      field,
      settings[field],
      "is of no use where fit is lbfgs, which searches until it has come to the minimum",
      "set evaluations.linear.fit to sgd or sgdCrops, or leave it out"
    )
  )
]
