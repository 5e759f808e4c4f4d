import { describe } from "@effect/vitest"
import * as Clustering from "@moco/evaluation/Evaluation/Clustering"
import * as FineTune from "@moco/evaluation/Evaluation/FineTune"
import * as Knn from "@moco/evaluation/Evaluation/Knn"
import * as Linear from "@moco/evaluation/Evaluation/Linear"
import * as Pretext from "@moco/evaluation/Evaluation/Pretext"
import * as Retrieval from "@moco/evaluation/Evaluation/Retrieval"
import * as Spectrum from "@moco/evaluation/Evaluation/Spectrum"
import * as Supervised from "@moco/evaluation/Evaluation/Supervised"
import { evaluationLaws } from "@moco/evaluation/testing"

const ceiling = { everyEpochs: 1, labels: [1, 0.2], epochs: 2, learningRate: 0.1, batchSize: 16 }

const variants = [
  ["Knn", Knn.layer({ everyEpochs: 1, k: [5, 1], temperature: 0.1 })],
  [
    "Knn by distance",
    Knn.layer({ everyEpochs: 1, k: [5, 1], temperature: 0.1, metric: "euclidean", layer: "head" })
  ],
  ["Linear", Linear.layer({ everyEpochs: 1, labels: [1, 0.2] })],
  ["Linear by SGD", Linear.layer({ everyEpochs: 1, labels: [1], fit: "sgd" })],
  ["Linear by SGD on crops", Linear.layer({ everyEpochs: 1, labels: [1, 0.2], fit: "sgdCrops", epochs: 2 })],
  ["Retrieval", Retrieval.layer({ everyEpochs: 1, k: [1, 10] })],
  ["Clustering", Clustering.layer({ everyEpochs: 1 })],
  ["Pretext", Pretext.layer({ everyEpochs: 1, numImages: 20 })],
  ["Spectrum", Spectrum.layer({ everyEpochs: 1, numImages: 25 })],
  ["Supervised", Supervised.layer(ceiling)],
  ["FineTune", FineTune.layer(ceiling)]
] as const

for (const [name, layer] of variants) describe(`Evaluation ${name}`, () => evaluationLaws(layer))
