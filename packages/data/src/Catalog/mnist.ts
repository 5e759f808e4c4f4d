import { idxEntry, pairOf } from "./idxEntry.ts"

/**
 * MNIST (LeCun, Cortes, Burges 1998). The published hashes are of the compressed files: what lies decompressed is known
 * by its form alone (magic number, counts, sizes, labels below 10).
 */
export const mnist = idxEntry({
  name: "mnist",
  description: "the 70,000 digits of MNIST (to be installed)",
  classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
  origin: {
    from: "http://yann.lecun.com/exdb/mnist/ (Yann LeCun, Corinna Cortes)",
    licence: "CC BY-SA 3.0"
  },
  train: pairOf("train", {
    images: {
      sha256OfGz: "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
      numBytesOfGz: 9_912_422
    },
    labels: {
      sha256OfGz: "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
      numBytesOfGz: 28_881
    }
  }),
  test: pairOf("test", {
    images: {
      sha256OfGz: "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
      numBytesOfGz: 1_648_877
    },
    labels: {
      sha256OfGz: "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
      numBytesOfGz: 4_542
    }
  }),
  place: {
    kind: "installed",
    folder: "mnist",
    systemDirs: [],
    fix: [
      "npx moco data fetch mnist",
      "or put the four IDX files (.gz or not) into a folder and name it with --data-dir"
    ]
  },
  publishedIn: [
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/"
  ]
})
