import { common, testFiles, trainFiles } from "./fashionMnistFiles.ts"
import { idxEntry } from "./idxEntry.ts"

/** Fashion-MNIST: 60,000 images to train on, and the published 10,000 test images. */
export const fashionMnist = idxEntry({
  ...common,
  name: "fashion-mnist",
  description: "all 70,000 of Fashion-MNIST (to be installed)",
  train: trainFiles,
  test: testFiles,
  place: {
    kind: "installed",
    folder: "fashion-mnist",
    systemDirs: ["/usr/share/datasets/fashion-mnist"],
    systemPackage: "dataset-fashion-mnist",
    fix: [
      "npx moco data fetch fashion-mnist",
      "or apt-get install dataset-fashion-mnist",
      "or put the four IDX files (.gz or not) into a folder and name it with --data-dir"
    ]
  },
  publishedIn: ["https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/"]
})
