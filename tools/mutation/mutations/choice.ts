import type { Mutation } from "../Mutation.ts"

/** Mutations of schedules, of what a config chooses, and of what a study works out. */
export const choiceMutations: ReadonlyArray<Mutation> = [
  {
    name: "rate: cosine one epoch ahead",
    file: "packages/train/src/LearningRate.ts",
    from: "Math.min(epoch, numEpochs)",
    to: "Math.min(epoch + 1, numEpochs)",
    tests: "train LearningRate",
    fear: "the schedule is off by one"
  },
  {
    name: "rate: milestone one step late",
    file: "packages/train/src/LearningRate.ts",
    from: "epoch >= milestone",
    to: "epoch > milestone",
    tests: "train LearningRate",
    fear: "the first step of a stage has the old rate"
  },
  {
    name: "optimizer: moments never kept",
    file: "packages/train/src/Optimizer.ts",
    from: "commit: () => moments.replace(lease.handOver(next.moments))",
    to: "commit: () => void next.moments",
    tests: "train Optimizer PretrainStep",
    fear: "SGD without momentum"
  },
  {
    name: "statistics: n in place of n - 1",
    file: "packages/study/src/statistics.ts",
    from: "/ (n - 1))",
    to: "/ n)",
    tests: "study test/statistics",
    fear: "intervals are too narrow"
  },
  {
    name: "statistics: interval without sqrt(n)",
    file: "packages/study/src/statistics.ts",
    from: "/ Math.sqrt(n)",
    to: "",
    tests: "study test/statistics",
    fear: "intervals are too wide"
  },
  {
    name: "study: seeds of any cell",
    file: "packages/study/src/results.ts",
    from: "parts.every((part) => part.has(seed))",
    to: "parts.some((part) => part.has(seed))",
    tests: "study StudyResults",
    fear: "differences are not paired"
  },
  {
    name: "layers: seed of the views ignored",
    file: "packages/train/src/PretrainLayers.ts",
    from: "ViewPairs.layer({ seed, ",
    to: "ViewPairs.layer({ seed: 1, ",
    tests: "train ConfiguredStages",
    fear: "every seed sees the same views"
  },
  {
    name: "layers: seed of the encoder ignored",
    file: "packages/train/src/PretrainLayers/queryEncoder.ts",
    from: "return QueryEncoder.layer(network, config.seed)\n",
    to: "return QueryEncoder.layer(network, 1)\n",
    tests: "train ConfiguredStages",
    fear: "every seed has the same initial encoder"
  },
  {
    name: "layers: seed of the shuffle ignored",
    file: "packages/train/src/PretrainLayers.ts",
    from: "KeyShuffleStage.layerOf(config.keyShuffle, seed)",
    to: "KeyShuffleStage.layerOf(config.keyShuffle, 1)",
    tests: "train ConfiguredStages",
    fear: "every seed shuffles alike"
  },
  {
    name: "layers: cosine momentum in epochs",
    file: "packages/train/src/PretrainLayers.ts",
    from: "MomentumStage.layerOf(momentum, training.epochs * stepsPerEpoch)",
    to: "MomentumStage.layerOf(momentum, training.epochs + 0 * stepsPerEpoch)",
    tests: "train ConfiguredStages",
    fear: "m is 1 after a few steps"
  },
  {
    name: "layers: cosine rate over all steps",
    file: "packages/train/src/PretrainLayers.ts",
    from: "LearningRateStage.layerOf(schedule, learningRate, training.epochs)",
    to: "LearningRateStage.layerOf(schedule, learningRate, 100 * training.epochs)",
    tests: "train ConfiguredStages",
    fear: "the rate never falls"
  },
  {
    name: "layers: symmetric loss one way",
    file: "packages/core/src/ContrastiveLoss.ts",
    from: "? ContrastiveLoss.layerInfoNceSymmetric(settings)",
    to: "? ContrastiveLoss.layerInfoNce(settings)",
    tests: "train ConfiguredStages",
    fear: "a setting has no effect"
  }
]
