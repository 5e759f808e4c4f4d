import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { ContrastiveLoss } from "@moco/core/ContrastiveLoss"
import { Dictionary, type PreparedStep } from "@moco/core/Dictionary"
import * as EndToEnd from "@moco/core/Dictionary/EndToEnd"
import * as MemoryBank from "@moco/core/Dictionary/MemoryBank"
import * as Queue from "@moco/core/Dictionary/Queue"
import { QueryEncoder } from "@moco/core/Encoder"
import * as ResNet from "@moco/core/Encoder/ResNet"
import { KeyShuffle } from "@moco/core/KeyShuffle"
import { MomentumUpdate } from "@moco/core/MomentumUpdate"
import { perQuery } from "@moco/core/Similarities"
import { LinearNetwork, tinyResNet } from "@moco/core/testing"
import { Augmentation } from "@moco/data/Augmentation"
import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import type { Images } from "@moco/data/ImageSource"
import * as Knn from "@moco/evaluation/Evaluation/Knn"
import { LearningRate } from "@moco/train/LearningRate"
import { Optimizer } from "@moco/train/Optimizer"
import { dictionaryOf, layersOf, type StageOptions } from "@moco/train/PretrainLayers"
import { pretrainStep } from "@moco/train/PretrainStep"
import type { RunConfig } from "@moco/train/RunConfig"
import { validConfig } from "@moco/train/testing/validConfig"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer, type Scope } from "effect"
import { tinyRun } from "./tinyRun.ts"

const images = { numTrain: 60, numTest: 8, height: 8, width: 8, channels: 1, numClasses: 3, seed: 1 }
const synthetic = (change: Partial<typeof images> = {}) => layerSynthetic({ ...images, ...change })

const small: RunConfig = {
  ...validConfig,
  data: { ...validConfig.data, imageSize: 8 },
  encoder: { ...validConfig.encoder, layers: [1], width: 4, featureSize: 8, batchNormGroups: 2 },
  dictionary: { kind: "queue", size: 16 },
  training: { epochs: 1, batchSize: 10 },
  evaluations: {}
}

type Trouble = { readonly _tag: string; readonly message: string }
type Built = Effect.Effect<unknown, Trouble, Scope.Scope>
type Stages = Layer.Success<ReturnType<typeof tinyRun>> | Backend

/** Builds a stage over the stages of a tiny run: 64 gray images of 8 x 8, features of 8 numbers. */
const built = <A, E extends Trouble>(stage: Layer.Layer<A, E, Stages>): Built =>
  Layer.build(Layer.provide(stage, Layer.provideMerge(tinyRun(), Backend.layerTensorflow({ threads: 2 }))))

const network = LinearNetwork.identity(2)
const encoder = (featureSize: number, seed: number) => QueryEncoder.layer({ ...network, featureSize }, seed)
const bank = { size: 4, numImages: 6, entryMomentum: 0.5, redrawOwn: false, seed: 1 }
const resNet = { height: 8, width: 8, channels: 1, batchSize: 8 }
const config = { ...tinyResNet, batchNormGroups: 1 }
const augmentation = (change: object) => built(Augmentation.layer({ ...validConfig.augmentation, ...change }))
const knn = (k: ReadonlyArray<number>, temperature: number) =>
  built(Knn.layer({ everyEpochs: 1, k, temperature }))

const refused: ReadonlyArray<readonly [words: string, Built]> = [
  ["MomentumUpdate: m = 1.5: must be at least 0", built(MomentumUpdate.layerEma(1.5))],
  ["MomentumUpdate: m = NaN", built(MomentumUpdate.layerEma(Number.NaN))],
  ["MomentumUpdate: from = -1", built(MomentumUpdate.layerCosine({ from: -1, numSteps: 5 }))],
  ["MomentumUpdate: numSteps = 0", built(MomentumUpdate.layerCosine({ from: 0.9, numSteps: 0 }))],
  ["KeyShuffle: seed = -1", built(KeyShuffle.layer(-1))],
  ...[0, -0.1, Number.NaN, Number.POSITIVE_INFINITY, 1e-300, 1e300].flatMap(
    (temperature): ReadonlyArray<readonly [string, Built]> => [
      [`temperature = ${temperature}`, built(ContrastiveLoss.layerInfoNce({ temperature }))],
      [`temperature = ${temperature}`, built(ContrastiveLoss.layerInfoNceSymmetric({ temperature }))],
      [`temperature = ${temperature}`, built(ContrastiveLoss.layerNce({ temperature }))]
    ]
  ),
  ["temperature = 0", built(ContrastiveLoss.layerNceSymmetric({ temperature: 0 }))],
  ["QueryEncoder: seed = 1.5", built(encoder(2, 1.5))],
  ["QueryEncoder: network.featureSize = 0", built(encoder(0, 1))],
  ...[0, -1, 1.5, Number.NaN].flatMap(
    (size): ReadonlyArray<readonly [string, Built]> => [
      [`Queue: size = ${size}`, built(Queue.layer({ size, seed: 1 }))],
      [`MemoryBank: size = ${size}`, built(MemoryBank.layer({ ...bank, size }))],
      [`MemoryBank: numImages = ${size}`, built(MemoryBank.layer({ ...bank, numImages: size }))],
      [`EndToEnd: batchSize = ${size}`, built(EndToEnd.layerShared({ batchSize: size }))],
      [`k[0] = ${size}`, knn([size], 0.1)]
    ]
  ),
  ["EndToEnd: batchSize = 1", built(EndToEnd.layerSeparate({ batchSize: 1 }))],
  ["entryMomentum = 1.5", built(MemoryBank.layer({ ...bank, entryMomentum: 1.5 }))],
  ["Knn: k = []", knn([], 0.1)],
  ["Knn: k[1] = 65: must be at most 64", knn([1, 65], 0.1)],
  ["Knn: temperature = 0", knn([1], 0)],
  ["Knn: temperature = NaN", knn([1], Number.NaN)],
  ["Augmentation: flip = 1.5", augmentation({ flip: 1.5 })],
  ["Augmentation: blur = NaN", augmentation({ blur: Number.NaN })],
  ["Augmentation: brightness = -1", augmentation({ brightness: -1 })],
  ["Augmentation: blurSigma.min = 3: must be at most", augmentation({ blurSigma: { min: 3, max: 2 } })],
  ["Augmentation: hue = 0.1: is of images of 3 channels", augmentation({ hue: 0.1 })],
  ["Augmentation: saturation = 0.4: is of images of 3", augmentation({ saturation: 0.4 })],
  ["Augmentation: gray = 0.2: is of images of 3", augmentation({ gray: 0.2 })],
  ["Augmentation: solarizeThreshold = 2", augmentation({ solarizeThreshold: 2 })],
  ["Augmentation: cropScale.max = 2", augmentation({ cropScale: { min: 0.5, max: 2 } })],
  ["pixels wide or high of an image of 8", augmentation({ cropScale: { min: 0.01, max: 1 } })],
  ["no crop of this area fits", augmentation({ cropRatio: { min: 3, max: 4 } })],
  ["LearningRate: base = -1", built(LearningRate.layerConstant(-1))],
  ["LearningRate: base = NaN", built(LearningRate.layerCosine(Number.NaN, 5))],
  ["LearningRate: numEpochs = 0", built(LearningRate.layerCosine(0.1, 0))],
  ["LearningRate: factor = 2", built(LearningRate.layerStep(0.1, [5], 2))],
  ["LearningRate: milestones[0] = 0.5", built(LearningRate.layerStep(0.1, [0.5], 0.1))],
  ["Optimizer: momentum = 1", built(Optimizer.layerSgd({ momentum: 1, weightDecay: 0 }))],
  ["Optimizer: weightDecay = -1", built(Optimizer.layerSgd({ momentum: 0, weightDecay: -1 }))],
  ["ResNet: layers = []", ResNet.checked({ ...config, layers: [] }, resNet)],
  ["ResNet: layers[1] = 1.5", ResNet.checked({ ...config, layers: [1, 1.5] }, resNet)],
  ["ResNet: width = 0", ResNet.checked({ ...config, width: 0 }, resNet)],
  ["ResNet: featureSize = -8", ResNet.checked({ ...config, featureSize: -8 }, resNet)],
  ["ResNet: channels = 0", ResNet.checked(config, { ...resNet, channels: 0 })],
  ['ResNet: block = "dense"', ResNet.checked({ ...config, block: "dense" as never }, resNet)],
  ["ResNet: batchNormGroups = 3: must divide", ResNet.checked({ ...config, batchNormGroups: 3 }, resNet)],
  ["ResNet: batchNormGroups = 8: leaves 1 image", ResNet.checked({ ...config, batchNormGroups: 8 }, resNet)],
  [
    '8 x 8": is a single pixel before the last of the 5 layers',
    ResNet.checked({ ...config, stem: "imagenet", layers: [1, 1, 1, 1] }, resNet)
  ]
]

/** Builds the stages of a config with something of the user's own among them, and takes a step. */
const stepWith = (own: Omit<StageOptions, "dataDirs">, change: Partial<RunConfig> = {}) => {
  const stages = layersOf({ ...small, ...change }, { dataDirs: [], dataset: synthetic(), ...own })
  return Effect.flatMap(pretrainStep, (takeStep) => takeStep(0)).pipe(
    Effect.provide(Layer.provideMerge(stages, NodeServices.layer))
  )
}

const ownLoss = (change: Partial<ContrastiveLoss["Service"]>) =>
  Layer.effect(
    ContrastiveLoss,
    Effect.map(ContrastiveLoss, (loss) => ContrastiveLoss.of({ ...loss, ...change }))
  ).pipe(Layer.provide(ContrastiveLoss.layerInfoNce({ temperature: 0.1 })))

const ownDictionary = (
  change: Partial<Dictionary["Service"]>,
  prepared: (prepared: PreparedStep) => Partial<PreparedStep> = () => ({})
) =>
  Layer.effect(
    Dictionary,
    Effect.map(Dictionary, (inner) =>
      Dictionary.of({
        ...inner,
        prepare: (step, lease) => {
          const whole = inner.prepare(step, lease)
          return { ...whole, ...prepared(whole) }
        },
        ...change
      })
    )
  ).pipe(Layer.provide(dictionaryOf(small)))

const ownAugmentation = (change: (of: Augmentation["Service"]) => Partial<Augmentation["Service"]>) =>
  Layer.effect(
    Augmentation,
    Effect.map(Augmentation, (of) => Augmentation.of({ ...of, ...change(of) }))
  ).pipe(Layer.provide(Augmentation.layerNone))

const resized = ({ length }: Images) => tf.zeros<tf.Rank.R4>([length, 6, 6, 1])
const noNumber = ({ length }: Images) => tf.fill([length, 8, 8, 1], Number.NaN) as tf.Tensor4D

const ownRefused: ReadonlyArray<readonly [words: string, ReturnType<typeof stepWith>]> = [
  ["k[0] = 200: must be at most 60", stepWith({}, { evaluations: validConfig.evaluations })],
  ["batchNormGroups = 4: must divide the batch of 10", stepWith({}, { encoder: validConfig.encoder })],
  ["a training set of 60", stepWith({}, { training: { epochs: 1, batchSize: 62 } })],
  [
    "batchNormGroups = 1: leaves 1 image of a batch of 1",
    stepWith(
      {},
      {
        training: { epochs: 1, batchSize: 1 },
        dictionary: { kind: "endToEnd", weights: "shared" },
        encoder: { ...small.encoder, batchNormGroups: 1 }
      }
    )
  ],
  ["Backend: threads = 0", stepWith({}, { backend: { name: "tensorflow", threads: 0 } })],
  ["data set synthetic: train.channels = 0", stepWith({ dataset: synthetic({ channels: 0 }) })],
  ["shape of views", stepWith({ augmentation: ownAugmentation(() => ({ views: resized })) })],
  ["shape of normalize", stepWith({ augmentation: ownAugmentation(() => ({ normalize: resized })) })],
  ["finite values of views", stepWith({ augmentation: ownAugmentation(() => ({ views: noNumber })) })],
  ["ContrastiveLoss: directions.length = 0", stepWith({ loss: ownLoss({ directions: () => [] }) })],
  [
    'ContrastiveLoss: shape of mean = "[10,1]": must be []',
    stepWith({
      loss: ownLoss({
        compare: ({ positive_N1 }) => ({ mean: positive_N1 as never, closest_N1: positive_N1 })
      })
    })
  ],
  [
    "ContrastiveLoss: mean = NaN",
    stepWith({
      loss: ownLoss({
        compare: ({ positive_N1 }) => ({ mean: tf.scalar(Number.NaN), closest_N1: positive_N1 })
      })
    })
  ],
  ["chance(numNegatives) = NaN", stepWith({ loss: ownLoss({ chance: () => Number.NaN }) })],
  ["Dictionary: numNegatives = 0", stepWith({ dictionary: ownDictionary({ numNegatives: 0 }) })],
  [
    'shape of negatives.key_KD = "[16,8]": must be [17,8]',
    stepWith({ dictionary: ownDictionary({ numNegatives: 17 }) })
  ],
  ["Dictionary: fill() = 2", stepWith({ dictionary: ownDictionary({ fill: () => 2 }) })],
  [
    'Dictionary: shape of negatives.similarity_NK = "[10,3]": must be [10,16]',
    stepWith({
      dictionary: ownDictionary({}, (prepared) => ({
        similarities: (...given) => ({
          ...prepared.similarities(...given),
          negatives: perQuery(tf.zeros([10, 3]))
        })
      }))
    })
  ],
  [
    'Dictionary: shape of positive_N1 = "[10]": must be [10,1]',
    stepWith({
      dictionary: ownDictionary({}, (prepared) => ({
        similarities: (...given) => ({
          ...prepared.similarities(...given),
          positive_N1: tf.zeros([10]) as never
        })
      }))
    })
  ]
]

describe("A stage", () => {
  for (const [words, build] of refused) {
    it.effect(`is not built with ${words}`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(Effect.scoped(build))
        assert.strictEqual(error._tag, "StageInvalid", error.message)
        assert.include(error.message, words)
      })
    )
  }

  it.effect("is built with what is at the edges of its range", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const stages: ReadonlyArray<Built> = [
          ...[0, 1].map((m) => built(MomentumUpdate.layerEma(m))),
          ...[1e-30, 1e30].map((temperature) => built(ContrastiveLoss.layerInfoNce({ temperature }))),
          ...[5e-324, Number.MAX_VALUE].map((temperature) => knn([1, 64], temperature)),
          ...[0, 2 ** 32 - 1].map((seed) => built(Queue.layer({ size: 1, seed }))),
          augmentation({ flip: 0, jitter: 1, cropScale: { min: 1, max: 1 } }),
          ResNet.checked({ ...config, stem: "imagenet", layers: [1, 1] }, resNet)
        ]
        for (const stage of stages) assert.strictEqual((yield* Effect.exit(stage))._tag, "Success")
      })
    )
  )
})

describe("layersOf with something of the user's own", () => {
  it.effect("takes a step where all fits, the same as if nobody had looked", () =>
    Effect.gen(function* () {
      const plain = yield* stepWith({})
      const looked = yield* stepWith({ dictionary: ownDictionary({}), loss: ownLoss({}) })
      assert.deepStrictEqual(looked, plain)
      yield* stepWith({ augmentation: ownAugmentation(() => ({})) })
    })
  )

  for (const [words, step] of ownRefused) {
    it.effect(`is refused before its first step with ${words}`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(step)
        assert.include(["StageInvalid", "DatasetInvalid", "BatchSizeInvalid"], error._tag, error.message)
        assert.include(error.message, words)
      })
    )
  }
})
