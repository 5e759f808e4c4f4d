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
    file: "packages/data/src/Catalog/fashionMnist10k.ts",
    from: "train: slice(all, 0, numTrain)",
    to: "train: slice(all, 0, 8_000)",
    tests: "data Catalog",
    fear: "validation images leak into the inputs"
  },
  {
    name: "split: validation evaluated on training images",
    file: "packages/data/src/Catalog/fashionMnist10k.ts",
    from: "slice(all, numTrain, end)",
    to: "slice(all, 0, end - numTrain)",
    tests: "data Catalog",
    fear: "the bank holds the images that are evaluated"
  },
  {
    name: "split: a published set's validation evaluated on training images",
    file: "packages/data/src/Catalog/heldBack.ts",
    from: "slice(train!, kept, train!.numImages)",
    to: "slice(train!, 0, train!.numImages - kept)",
    tests: "data Catalog",
    fear: "the bank holds the images that are judged"
  },
  {
    name: "images: file not checked",
    file: "packages/data/src/PublishedFile.ts",
    from: "if (actual !== expected) return",
    to: 'if (actual === "") return',
    tests: "data Catalog",
    fear: "a damaged data set is trained on"
  }
]
