import { Backend } from "@moco/core/Backend"
import { ContrastiveLoss } from "@moco/core/ContrastiveLoss"
import type { Dictionary } from "@moco/core/Dictionary"
import * as EndToEnd from "@moco/core/Dictionary/EndToEnd"
import * as MemoryBank from "@moco/core/Dictionary/MemoryBank"
import * as Queue from "@moco/core/Dictionary/Queue"
import { KeyEncoder, QueryEncoder } from "@moco/core/Encoder"
import * as ResNet from "@moco/core/Encoder/ResNet"
import { KeyShuffle } from "@moco/core/KeyShuffle"
import { MomentumUpdate } from "@moco/core/MomentumUpdate"
import * as Stage from "@moco/core/Stage"
import type { TensorError } from "@moco/core/Tensor"
import { Augmentation } from "@moco/data/Augmentation"
import { Dataset, type DatasetInvalid } from "@moco/data/Dataset"
import * as FashionMnist from "@moco/data/Dataset/FashionMnist"
import { ViewPairs } from "@moco/data/ViewPairs"
import type { Evaluation } from "@moco/evaluation/Evaluation"
import { Evaluations } from "@moco/evaluation/Evaluations"
import { configured } from "@moco/evaluation/evaluationKinds"
import { Effect, Layer } from "effect"
import { Diagnostics } from "./Diagnostics.ts"
import { type GivenWeights, matchWeights, withWeights } from "./InitialWeights.ts"
import { LearningRate } from "./LearningRate.ts"
import { Optimizer } from "./Optimizer.ts"
import { rehearse } from "./PretrainLayers/rehearse.ts"
import type { RunConfig } from "./RunConfig.ts"

/** Beside the config. */
export interface StageOptions {
  /** Folders that are searched for data sets which are not embedded. */
  readonly dataDirs: ReadonlyArray<string>
  /** A data set of your own, in place of the one that the config names. */
  readonly dataset?: ReturnType<typeof datasetOf>
  /** Weights that the query encoder begins with in place of the seed's; the key encoder begins as its copy. */
  readonly initial?: GivenWeights
  /** An augmentation of your own, in place of the one that the config describes. */
  readonly augmentation?: ReturnType<typeof Augmentation.layer>
  /** A mechanism of your own, in place of the one that the config names. */
  readonly dictionary?: ReturnType<typeof dictionaryOf>
  /** A loss of your own, in place of the one that the config names. */
  readonly loss?: ReturnType<typeof lossOf>
  /** Evaluations of your own, behind those that the config names. */
  readonly evaluations?: ReadonlyArray<EvaluationLayer>
}

/** An evaluation of your own, and what it may be made from. */
type EvaluationLayer = Layer.Layer<
  Evaluation,
  TensorError | Stage.StageInvalid | DatasetInvalid,
  Augmentation | Backend | Dataset
>

/**
 * The layers that a config names, one for each stage. Choices are made here and nowhere else: the trainer only
 * knows the services, and an ablation in code replaces one of them.
 */
export const layersOf = (config: RunConfig, options: StageOptions) => {
  const views = ViewPairs.layer({ seed: config.seed, batchSize: config.training.batchSize })
  const world = Layer.merge(options.dataset ?? datasetOf(config, options.dataDirs), backendOf(config))
  const augmentation = options.augmentation ?? Augmentation.layer(config.augmentation)
  const batches = views.pipe(Layer.provideMerge(augmentation))
  const encoder = queryEncoderOf(config, options.initial)
  const evaluations = Evaluations.layer([
    ...configured(config.evaluations).map(({ layer }): EvaluationLayer => layer),
    ...(options.evaluations ?? [])
  ])
  // What somebody else has written can only be known by trying it.
  const isOwn = options.dictionary ?? options.loss
  const rehearsal = Layer.effectDiscard(isOwn === undefined ? Effect.void : rehearse)
  return Layer.mergeAll(Diagnostics.layer, Optimizer.layerSgd(config.optimizer), rehearsal).pipe(
    Layer.provideMerge(options.loss ?? lossOf(config)),
    Layer.provideMerge(options.dictionary ?? dictionaryOf(config)),
    Layer.provideMerge(Layer.mergeAll(encoder, learningRateOf(config), evaluations)),
    Layer.provideMerge(batches),
    Layer.provideMerge(world)
  )
}

/** Everything that {@link layersOf} provides. */
export type PretrainServices = Layer.Success<ReturnType<typeof layersOf>>

const backendOf = ({ backend: { name, threads } }: RunConfig) =>
  Layer.unwrap(
    Effect.as(
      Stage.check("Backend", Stage.count("threads", threads, "threads inside one operation")),
      name === "cpu" ? Backend.layerCpu : Backend.layerTensorflow({ threads })
    )
  )

const datasetOf = ({ data }: RunConfig, searchDirs: ReadonlyArray<string>) =>
  data.name === "fashion-mnist"
    ? FashionMnist.layerFull({ judge: data.judge, searchDirs })
    : FashionMnist.layerEmbedded({ judge: data.judge })

const queryEncoderOf = (config: RunConfig, initial: GivenWeights | undefined) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const { train } = yield* Dataset.checked
      const use = { ...train, batchSize: config.training.batchSize }
      const network = yield* ResNet.checked(config.encoder, use)
      if (initial === undefined) return QueryEncoder.layer(network, config.seed)
      yield* Backend
      const { taken } = yield* matchWeights(network, initial)
      return QueryEncoder.layer(network, config.seed, withWeights(taken))
    })
  )

/** The mechanism that a config names, e.g. to build another one around it. */
export const dictionaryOf = (
  config: RunConfig
): Layer.Layer<Dictionary, DictionaryTrouble, DictionaryNeeds> => {
  const { dictionary, seed, training } = config
  switch (dictionary.kind) {
    case "queue":
      return Queue.layer({ size: dictionary.size, seed }).pipe(
        Layer.provide([KeyEncoder.layer, momentumOf(config), shuffleOf(config)])
      )
    case "memoryBank":
      return Layer.unwrap(
        Effect.map(Dataset.checked, ({ train: { numImages } }) =>
          MemoryBank.layer({ ...dictionary, numImages, seed })
        )
      )
    case "endToEnd": {
      const { layerSeparate, layerShared } = EndToEnd
      const layer =
        dictionary.weights === "shared"
          ? layerShared(training)
          : layerSeparate(training).pipe(Layer.provide(KeyEncoder.layer))
      return layer.pipe(Layer.provide(shuffleOf(config)))
    }
  }
}

/** What one mechanism or another is made from. */
type DictionaryNeeds = Backend | Dataset | QueryEncoder | ViewPairs

type DictionaryTrouble = TensorError | Stage.StageInvalid | DatasetInvalid

const momentumOf = ({ momentum, training }: RunConfig) => {
  switch (momentum.kind) {
    case "ema":
      return MomentumUpdate.layerEma(momentum.m)
    case "copy":
      return MomentumUpdate.layerCopy
    case "frozen":
      return MomentumUpdate.layerFrozen
    case "cosine":
      return Layer.unwrap(
        Effect.map(ViewPairs, ({ stepsPerEpoch }) =>
          MomentumUpdate.layerCosine({ from: momentum.m, numSteps: training.epochs * stepsPerEpoch })
        )
      )
  }
}

const shuffleOf = ({ keyShuffle, seed }: RunConfig) => {
  switch (keyShuffle.kind) {
    case "shuffle":
      return KeyShuffle.layer(seed)
    case "none":
      return KeyShuffle.layerNone
    case "plain":
      return KeyShuffle.layerPlain
  }
}

/** The loss that a config names. */
export const lossOf = ({
  loss
}: RunConfig): Layer.Layer<ContrastiveLoss, TensorError | Stage.StageInvalid, LossNeeds> => {
  switch (loss.kind) {
    case "infoNce":
      return loss.symmetric ? ContrastiveLoss.layerInfoNceSymmetric(loss) : ContrastiveLoss.layerInfoNce(loss)
    case "nce":
      return loss.symmetric ? ContrastiveLoss.layerNceSymmetric(loss) : ContrastiveLoss.layerNce(loss)
  }
}

/** What a loss of your own may be made from. */
type LossNeeds = Dictionary | QueryEncoder | ViewPairs

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
