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
    name: "split: validation of training images",
    file: "packages/data/src/Catalog/fashionMnist10k.ts",
    from: "slice(all, numTrain, end)",
    to: "slice(all, 0, end - numTrain)",
    tests: "data Catalog",
    fear: "the bank holds the images that are evaluated"
  },
  {
    name: "split: a published set's validation of training images",
    file: "packages/data/src/Catalog/heldBack.ts",
    from: "slice(train!, kept, train!.numImages)",
    to: "slice(train!, 0, train!.numImages - kept)",
    tests: "data Catalog",
    fear: "the bank holds the images that are evaluated"
  },
  {
    name: "images: file not checked",
    file: "packages/data/src/PublishedFile.ts",
    from: "if (actual !== expected) return",
    to: 'if (actual === "") return',
    tests: "data Catalog",
    fear: "a damaged data set is trained on"
  },
  {
    name: "images: archive not checked",
    file: "packages/data/src/Parts/TarGz.ts",
    from: "if (corrupt !== undefined) return",
    to: "if (corrupt === null) return",
    tests: "data TarGz",
    fear: "a damaged archive is trained on"
  },
  {
    name: "fetch: a part of another file is gone on with",
    file: "packages/data/src/Fetch/Part.ts",
    from: "begun.value.address !== address",
    to: 'begun.value.address === ""',
    tests: "data Fetch",
    fear: "a file is put together from two"
  },
  {
    name: "fetch: what is damaged stays as a part",
    file: "packages/data/src/Fetch/download.ts",
    from: '}).pipe(Effect.tapErrorTag("DatasetCorrupt", () => Part.discard(target)))',
    to: "})",
    tests: "data Fetch",
    fear: "the same damaged file is gone on with for ever"
  },
  {
    name: "fetch: two at once into a folder",
    file: "packages/data/src/Fetch.ts",
    from: "  yield* claim\n",
    to: "",
    tests: "data Fetch",
    fear: "two processes write into one part"
  },
  {
    name: "images: a link in an archive taken for a file",
    file: "packages/data/src/Parts/TarGz.ts",
    from: 'header.type !== "File"',
    to: 'header.type === "Directory"',
    tests: "data TarGz",
    fear: "what an archive only names is taken for its own"
  },
  {
    name: "images: archive without end",
    file: "packages/data/src/Parts/TarGz.ts",
    from: "numBytes > allowed",
    to: "numBytes < 0",
    tests: "data TarGz",
    fear: "a small file unpacks for hours"
  },
  {
    name: "pickle: every function may be named",
    file: "packages/data/src/Pickle/globals.ts",
    from: "if (!allowed.has(name))",
    to: 'if (name === "")',
    tests: "data Pickle",
    fear: "a data set's file says what is run"
  },
  {
    name: "pickle: instructions not counted",
    file: "packages/data/src/Pickle.ts",
    from: "if (numOps > maxOps)",
    to: "if (numOps < 0)",
    tests: "data Pickle",
    fear: "a file fills the memory with values"
  },
  {
    name: "planes: rows for columns",
    file: "packages/data/src/ImageSource/planes.ts",
    from: 'order === "rows" ? [width, 1] : [1, height]',
    to: 'order !== "rows" ? [width, 1] : [1, height]',
    tests: "data Stl Cifar",
    fear: "images are turned"
  }
]
