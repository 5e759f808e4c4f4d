import type { Backend } from "@moco/core/Backend"
import * as BackendStage from "@moco/core/Backend"
import type { ContrastiveLoss } from "@moco/core/ContrastiveLoss"
import * as LossStage from "@moco/core/ContrastiveLoss"
import type { Dictionary } from "@moco/core/Dictionary"
import * as Dictionaries from "@moco/core/Dictionary/kinds"
import type { QueryEncoder } from "@moco/core/Encoder"
import type { KeyShuffle } from "@moco/core/KeyShuffle"
import * as KeyShuffleStage from "@moco/core/KeyShuffle"
import type { MomentumUpdate } from "@moco/core/MomentumUpdate"
import * as MomentumStage from "@moco/core/MomentumUpdate"
import { StageInvalid } from "@moco/core/Stage"
import { Augmentation } from "@moco/data/Augmentation"
import * as Catalog from "@moco/data/Catalog"
import { fileImages, ownImages } from "@moco/data/DataSettings"
import { Dataset } from "@moco/data/Dataset"
import * as Files from "@moco/data/Files"
import { ViewPairs } from "@moco/data/ViewPairs"
import type { Evaluation } from "@moco/evaluation/Evaluation"
import { Evaluations } from "@moco/evaluation/Evaluations"
import { configured } from "@moco/evaluation/evaluationKinds"
import { Effect, Layer } from "effect"
import { Diagnostics } from "./Diagnostics.ts"
import type { GivenWeights } from "./InitialWeights.ts"
import type { LearningRate } from "./LearningRate.ts"
import * as LearningRateStage from "./LearningRate.ts"
import { Optimizer } from "./Optimizer.ts"
import { queryEncoderOf } from "./PretrainLayers/queryEncoder.ts"
import { rehearse } from "./PretrainLayers/rehearse.ts"
import type { StageError } from "./PretrainLayers/StageError.ts"
import type { RunConfig } from "./RunConfig.ts"

/** A stage of your own: what it provides, and what it may be made from. */
export type Stage<Service, Needs = never> = Layer.Layer<Service, StageError, Needs>

/**
 * Stages of your own, each in place of the one that the config names. What is not given is the config's.
 *
 * What a stage may be made from stands before it in this list: an augmentation from the data set, a dictionary from the
 * encoder and the views, a loss from all of them.
 */
export interface Stages {
  readonly backend?: Stage<Backend>
  readonly dataset?: Stage<Dataset, DatasetNeeds>
  readonly augmentation?: Stage<Augmentation, World>
  readonly viewPairs?: Stage<ViewPairs, World | Augmentation>
  readonly encoder?: Stage<QueryEncoder, World>
  readonly learningRate?: Stage<LearningRate, ViewPairs>
  /** Beside those that the config names, and behind them. */
  readonly evaluations?: ReadonlyArray<EvaluationStage>
  readonly momentum?: Stage<MomentumUpdate, ViewPairs>
  readonly keyShuffle?: Stage<KeyShuffle>
  readonly dictionary?: Stage<Dictionary, World | ViewPairs | QueryEncoder | MomentumUpdate | KeyShuffle>
  readonly loss?: Stage<ContrastiveLoss, World | ViewPairs | QueryEncoder | Dictionary>
  readonly optimizer?: Stage<Optimizer, QueryEncoder | Dictionary>
  readonly diagnostics?: Stage<Diagnostics, Dictionary | ContrastiveLoss>
}

type World = Dataset | Backend

type EvaluationStage = Stage<Evaluation, World | Augmentation>

/** What data sets that are files are read by. */
type DatasetNeeds = Layer.Services<ReturnType<typeof Catalog.layer>>

/** Beside the config. */
export interface StageOptions extends Stages {
  /** Folders that are searched for data sets which are not embedded (default: none). */
  readonly dataDirs?: ReadonlyArray<string>
  /** Where images of one's own are kept once they are decoded (default: nowhere). */
  readonly scratchDir?: string | undefined
  /** Weights that the query encoder begins with in place of the seed's; the key encoder begins as its copy. */
  readonly initial?: GivenWeights
}

/**
 * The layers that a config names, one for each stage. The trainer only knows the services; which layer a section of the
 * config names is told by the stage itself (`layerOf`, beside its Schema), so this is a list and nothing more.
 */
export const layersOf = (config: RunConfig, own: StageOptions = {}) => {
  const { seed } = config
  const dictionary = Layer.provide(either(own.dictionary, dictionaryOf(config)), [
    either(own.momentum, momentumOf(config)),
    either(own.keyShuffle, KeyShuffleStage.layerOf(config.keyShuffle, seed))
  ])
  return Layer.mergeAll(
    either(own.diagnostics, Diagnostics.layer),
    either(own.optimizer, Optimizer.layerSgd(config.optimizer)),
    rehearsalOf(own)
  ).pipe(
    Layer.provideMerge(either(own.loss, LossStage.layerOf(config.loss))),
    Layer.provideMerge(dictionary),
    Layer.provideMerge(either(own.learningRate, learningRateOf(config))),
    Layer.provideMerge(evaluationLayersOf(config, own))
  )
}

/** Those of them that an encoder is evaluated with: images, views, the encoder, evaluations. */
export const evaluationLayersOf = (config: RunConfig, own: StageOptions = {}) => {
  const { seed, training } = config
  const world = Layer.merge(datasetOf(config, own), either(own.backend, BackendStage.layerOf(config.backend)))
  const views = Layer.provideMerge(
    either(own.viewPairs, ViewPairs.layer({ seed, batchSize: training.batchSize })),
    either(own.augmentation, Augmentation.layer(config.augmentation))
  )
  return Layer.merge(
    either(own.encoder, queryEncoderOf(config, own.initial)),
    evaluationsOf(config, own)
  ).pipe(Layer.provideMerge(views), Layer.provideMerge(world))
}

const evaluationsOf = ({ evaluations }: RunConfig, own: Stages) =>
  Evaluations.layer([
    ...configured(evaluations).map(({ layer }): EvaluationStage => layer),
    ...(own.evaluations ?? [])
  ])

const either = <Service, Needs>(
  own: Stage<Service, Needs> | undefined,
  named: Stage<Service, Needs>
): Stage<Service, Needs> => own ?? named

/** What somebody else has written can only be known by trying it. */
const rehearsalOf = ({ dictionary, encoder, loss }: Stages) =>
  Layer.effectDiscard((dictionary ?? loss ?? encoder) === undefined ? Effect.void : rehearse)

/** Whatever images they are, the encoder sees them in the config's size. */
const datasetOf = (
  { data }: RunConfig,
  { dataset, ...places }: StageOptions
): Stage<Dataset, DatasetNeeds> =>
  dataset === undefined
    ? namedDataset(data, places)
    : dataset.pipe(Dataset.seenAs({ height: data.imageSize, width: data.imageSize }))

const namedDataset = (
  { files, name, ...choice }: RunConfig["data"],
  { dataDirs = [], scratchDir }: Pick<StageOptions, "dataDirs" | "scratchDir">
): Stage<Dataset, DatasetNeeds> => {
  if (name === fileImages && files)
    return Files.layer(files, choice.evaluationSplit, choice.imageSize, scratchDir)
  if (name !== ownImages && name !== fileImages) return Catalog.layer({ name, ...choice }, dataDirs)
  const problem = "means a data set that is given in code, and none is given"
  const hint = `open the run with stages.dataset, or choose one of ${Catalog.names.join(", ")}`
  return Layer.unwrap(
    Effect.fail(new StageInvalid({ stage: "Dataset", field: "data.name", value: name, problem, hint }))
  )
}

/** The mechanism that a config names, e.g. to build another one around it. */
export const dictionaryOf = ({ dictionary, seed, training }: RunConfig) =>
  Layer.unwrap(
    Effect.map(Dataset.checked, ({ train: { numImages } }) =>
      Dictionaries.layerOf(dictionary, { seed, batchSize: training.batchSize, numImages })
    )
  )

const momentumOf = ({ momentum, training }: RunConfig) =>
  Layer.unwrap(
    Effect.map(ViewPairs, ({ stepsPerEpoch }) =>
      MomentumStage.layerOf(momentum, training.epochs * stepsPerEpoch)
    )
  )

const learningRateOf = ({ optimizer: { learningRate, schedule }, training }: RunConfig) =>
  LearningRateStage.layerOf(schedule, learningRate, training.epochs)
