import { Backend } from "@moco/core/Backend"
import { ContrastiveLoss } from "@moco/core/ContrastiveLoss"
import type { Dictionary } from "@moco/core/Dictionary"
import * as Queue from "@moco/core/Dictionary/Queue"
import { KeyEncoder, QueryEncoder } from "@moco/core/Encoder"
import * as ResNet from "@moco/core/Encoder/ResNet"
import { KeyShuffle } from "@moco/core/KeyShuffle"
import { MomentumUpdate } from "@moco/core/MomentumUpdate"
import type { StageInvalid } from "@moco/core/Stage"
import type { TensorError } from "@moco/core/Tensor"
import { tinyResNet } from "@moco/core/testing"
import { Augmentation } from "@moco/data/Augmentation"
import { Dataset } from "@moco/data/Dataset"
import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import { ViewPairs } from "@moco/data/ViewPairs"
import * as Knn from "@moco/evaluation/Evaluation/Knn"
import { Evaluations } from "@moco/evaluation/Evaluations"
import { Diagnostics } from "@moco/train/Diagnostics"
import { LearningRate } from "@moco/train/LearningRate"
import { Optimizer } from "@moco/train/Optimizer"
import { validConfig } from "@moco/train/testing/validConfig"
import { Effect, Layer } from "effect"

/** What a test may change about the tiny run. */
export interface TinySettings {
  readonly symmetric?: boolean
  /** Noise-contrastive estimation in place of InfoNCE; needs a memory bank. */
  readonly nce?: boolean
  readonly m?: number
  readonly learningRate?: number
  readonly queueSize?: number
  /** Another mechanism in place of the queue. */
  readonly dictionary?: Layer.Layer<
    Dictionary,
    TensorError | StageInvalid,
    QueryEncoder | KeyEncoder | MomentumUpdate | KeyShuffle | Backend
  >
  readonly numTrain?: number
  /** Whether there are labels, and images to evaluate on; without them nothing is evaluated. */
  readonly labelled?: boolean
  /** Epochs between evaluations. */
  readonly everyEpochs?: number
  /** Channels of the first stage; multiples of 16, as the vectors of AVX2 take them, are computed by the project's own ops. */
  readonly width?: number
}

const withoutLabels = (images: Layer.Layer<Dataset>) =>
  Layer.effect(
    Dataset,
    Effect.map(Dataset, (dataset) => {
      const train = { ...dataset.train, classes: undefined, labels: undefined }
      return Dataset.of({ ...dataset, train, test: undefined })
    })
  ).pipe(Layer.provide(images))

const networkOf = (width: number) => ResNet.make({ ...tinyResNet, width, batchNormGroups: 2 }, 1)

/** The production stages on 8 x 8 synthetic images: a real run in milliseconds a step. */
export const tinyRun = ({
  everyEpochs = 2,
  learningRate = 0.05,
  m = 0.99,
  nce = false,
  numTrain = 64,
  queueSize = 20,
  labelled = true,
  dictionary = Queue.layer({ size: queueSize, seed: 1 }),
  symmetric = false,
  width = 4
}: TinySettings = {}) => {
  const { layerInfoNce, layerInfoNceSymmetric, layerNce, layerNceSymmetric } = ContrastiveLoss
  const [oneWay, bothWays] = nce ? [layerNce, layerNceSymmetric] : [layerInfoNce, layerInfoNceSymmetric]
  const loss = symmetric ? bothWays : oneWay
  const stages = Layer.mergeAll(
    Diagnostics.layer,
    Optimizer.layerSgd({ momentum: 0.9, weightDecay: 5e-4 }),
    Evaluations.layer(labelled ? [Knn.layer({ everyEpochs, k: [5, 1], temperature: 0.1 })] : [])
  ).pipe(
    Layer.provideMerge(
      Layer.mergeAll(
        ViewPairs.layer({ seed: 1, batchSize: 8 }),
        dictionary,
        loss({ temperature: 0.2 }),
        LearningRate.layerConstant(learningRate)
      )
    )
  )
  const augmentation = Augmentation.layer(validConfig.augmentation)
  const images = layerSynthetic({
    ...{ numTrain, numTest: 24, height: 8, width: 8 },
    ...{ channels: 1, numClasses: 4, seed: 1 }
  })
  return stages.pipe(
    Layer.provideMerge(
      Layer.mergeAll(
        KeyEncoder.layer.pipe(Layer.provideMerge(QueryEncoder.layer(networkOf(width), 1))),
        MomentumUpdate.layerEma(m),
        KeyShuffle.layer(1),
        augmentation
      )
    ),
    Layer.provideMerge(labelled ? images : withoutLabels(images))
  )
}

export const backends = [
  { name: "tensorflow", layer: Backend.layerTensorflow({ threads: 2 }) },
  { name: "cpu", layer: Backend.layerCpu }
] as const
