import type { Mutation } from "../Mutation.ts"

/** Mutations of data sets. */
export const imagesMutations: ReadonlyArray<Mutation> = [
  {
    name: "statistics: variance in place of std",
    file: "packages/data/src/Dataset/statistics.ts",
    from: "Math.sqrt(Math.max(0, variance))",
    to: "Math.max(0, variance)",
    tests: "data Dataset",
    fear: "inputs are not of standard deviation 1"
  },
  {
    name: "statistics: of held-back images too",
    file: "packages/data/src/Dataset/FashionMnist.ts",
    from: "...channelStatistics(kept)",
    to: "...channelStatistics(train)",
    tests: "data FashionMnist",
    fear: "validation images leak into the inputs"
  },
  {
    name: "split: validation judged on training images",
    file: "packages/data/src/Dataset/FashionMnist.ts",
    from: "slice(train, numKept, train.numImages)",
    to: "slice(train, 0, train.numImages - numKept)",
    tests: "data FashionMnist",
    fear: "the bank holds the images that are judged"
  },
  {
    name: "images: file not checked",
    file: "packages/data/src/Dataset/FashionMnist.ts",
    from: "if (sha256 !== source.sha256) return",
    to: 'if (sha256 === "") return',
    tests: "data FashionMnist",
    fear: "a damaged data set is trained on"
  }
]
