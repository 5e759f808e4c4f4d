import { idxEntry, pairOf } from "./idxEntry.ts"

/**
 * Kuzushiji-MNIST, cursive Japanese characters (Clanuwat et al. 2018). The published hashes are of the compressed files:
 * what lies decompressed is known by its form alone (magic number, counts, sizes, labels below 10).
 */
export const kmnist = idxEntry({
  name: "kmnist",
  description: "the 70,000 characters of Kuzushiji-MNIST (to be installed)",
  classes: ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"],
  origin: { from: "http://codh.rois.ac.jp/kmnist/ (ROIS-DS CODH)", licence: "CC BY-SA 4.0" },
  train: pairOf("train", {
    images: {
      sha256OfGz: "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
      numBytesOfGz: 18_165_135
    },
    labels: {
      sha256OfGz: "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
      numBytesOfGz: 29_497
    }
  }),
  test: pairOf("test", {
    images: {
      sha256OfGz: "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
      numBytesOfGz: 3_041_136
    },
    labels: {
      sha256OfGz: "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
      numBytesOfGz: 5_120
    }
  }),
  place: {
    kind: "installed",
    folder: "kmnist",
    systemDirs: [],
    fix: [
      "npx moco data fetch kmnist",
      "or put the four IDX files (.gz or not) into a folder and name it with --data-dir"
    ]
  },
  publishedIn: [
    "https://codh.rois.ac.jp/kmnist/dataset/kmnist/",
    "https://storage.googleapis.com/kuzushiji-mnist/"
  ]
})
