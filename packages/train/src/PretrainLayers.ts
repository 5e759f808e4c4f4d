import { Backend } from "@moco/core/Backend"
import { ContrastiveLoss } from "@moco/core/ContrastiveLoss"
import * as Queue from "@moco/core/Dictionary/Queue"
import { KeyEncoder, QueryEncoder } from "@moco/core/Encoder"
import * as ResNet from "@moco/core/Encoder/ResNet"
import { KeyShuffle } from "@moco/core/KeyShuffle"
import { MomentumUpdate } from "@moco/core/MomentumUpdate"
import { Augmentation } from "@moco/data/Augmentation"
import { Dataset } from "@moco/data/Dataset"
import * as FashionMnist from "@moco/data/Dataset/FashionMnist"
import { ViewPairs } from "@moco/data/ViewPairs"
import { Effect, Layer } from "effect"
import { Diagnostics } from "./Diagnostics.ts"
import * as Knn from "./Evaluation/Knn.ts"
import { LearningRate } from "./LearningRate.ts"
import { Optimizer } from "./Optimizer.ts"
import type { RunConfig } from "./RunConfig.ts"

/**
 * The layers that a config names, one for each stage. Choices are made here and nowhere else: the trainer only
 * knows the services, and an ablation in code replaces one line.
 *
 * @param dataDirs  folders that are searched for data sets which are not embedded
 */
export const layersOf = (config: RunConfig, options: { readonly dataDirs: ReadonlyArray<string> }) => {
  const augmentation = Augmentation.layer(config.augmentation)
  const views = ViewPairs.layer({ seed: config.seed, batchSize: config.training.batchSize })
  const dictionary = Queue.layer({ size: config.dictionary.size, seed: config.seed })
  const stages = Layer.mergeAll(
    views,
    Diagnostics.layer.pipe(Layer.provideMerge(Layer.merge(dictionary, lossOf(config)))),
    learningRateOf(config),
    Optimizer.layerSgd(config.optimizer),
    Knn.layer(config.evaluation)
  )
  const encoders = KeyEncoder.layer.pipe(Layer.provideMerge(queryEncoderOf(config)))
  return stages.pipe(
    Layer.provideMerge(
      Layer.mergeAll(encoders, augmentation, MomentumUpdate.layerEma(config.momentum.m), shuffleOf(config))
    ),
    Layer.provideMerge(Layer.mergeAll(datasetOf(config, options.dataDirs), backendOf(config)))
  )
}

/** Everything that {@link layersOf} provides. */
export type PretrainServices = Layer.Success<ReturnType<typeof layersOf>>

const backendOf = ({ backend }: RunConfig) =>
  backend.name === "cpu" ? Backend.layerCpu : Backend.layerTensorflow({ threads: backend.threads })

const datasetOf = ({ data }: RunConfig, searchDirs: ReadonlyArray<string>) =>
  data.name === "fashion-mnist"
    ? FashionMnist.layerFull({ judge: data.judge, searchDirs })
    : FashionMnist.layerEmbedded({ judge: data.judge })

const queryEncoderOf = (config: RunConfig) =>
  Layer.unwrap(
    Effect.map(Dataset, ({ train }) =>
      QueryEncoder.layer(ResNet.make(config.encoder, train.channels), config.seed)
    )
  )

const shuffleOf = ({ keyShuffle, seed }: RunConfig) =>
  keyShuffle.kind === "none" ? KeyShuffle.layerNone : KeyShuffle.layer(seed)

const lossOf = ({ loss }: RunConfig) =>
  loss.symmetric ? ContrastiveLoss.layerInfoNceSymmetric(loss) : ContrastiveLoss.layerInfoNce(loss)

const learningRateOf = ({ optimizer, training }: RunConfig) => {
  const { learningRate, schedule } = optimizer
  switch (schedule.kind) {
    case "constant":
      return LearningRate.layerConstant(learningRate)
    case "cosine":
      return LearningRate.layerCosine(learningRate, training.epochs)
    case "step":
      return LearningRate.layerStep(learningRate, schedule.milestones, schedule.factor)
  }
}
