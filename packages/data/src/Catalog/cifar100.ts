import { Effect } from "effect"
import * as Cifar from "../ImageSource/Cifar.ts"
import { find, knownFiles } from "../Parts.ts"
import type { CatalogEntry } from "./CatalogEntry.ts"
import { cifar100Classes as classes } from "./cifar100Classes.ts"
import { type Counts, partsOf, sizesOf } from "./heldBack.ts"

const name = "cifar100"

const counts: Counts = { train: 50_000, test: 10_000, kept: 45_000 }
const origin = { from: "https://www.cs.toronto.edu/~kriz/cifar.html (Krizhevsky 2009)", licence: undefined }

/** What is fetched, as it has no pickles. */
const archive = "cifar-100-binary.tar.gz"
const digest = {
  algorithm: "SHA-256",
  hex: "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"
} as const

/**
 * The published files, each format with the hash of its archive. Images have a label among 20 coarse classes too, which
 * is checked and not used. Unpacked rows are known by their form (sizes, labels), unpacked pickles by their MD5.
 */
export const cifar100Files: Cifar.Cifar = {
  planes: { height: 32, width: 32, channels: 3, order: "rows" },
  labels: [
    { key: "coarse_labels", numClasses: 20 },
    { key: "fine_labels", numClasses: classes.length }
  ],
  classes,
  provenance: { name, ...origin },
  published: [
    {
      kind: "rows",
      archive,
      folder: "cifar-100-binary",
      digest,
      train: [{ name: "train.bin", numImages: counts.train }],
      test: [{ name: "test.bin", numImages: counts.test }]
    },
    {
      kind: "pickles",
      archive: "cifar-100-python.tar.gz",
      folder: "cifar-100-python",
      digest: { algorithm: "MD5", hex: "eb9058c3a382ffc7106e4002c42a8d85" },
      train: [{ name: "train", numImages: counts.train, md5: "16019d7e3df5f24257cddd939b257f8d" }],
      test: [{ name: "test", numImages: counts.test, md5: "f0ef6b0ae62326f3e7ffdfab6717acfc" }]
    }
  ]
}

/** Of the pixels of the 50,000 training images. */
export const cifar100Statistics = { mean: [0.5071, 0.4865, 0.4409], std: [0.2673, 0.2564, 0.2762] } as const

/** CIFAR-100, by its 100 fine classes: 50,000 images to train on, and the published 10,000 test images. */
export const cifar100 = {
  name,
  description: "CIFAR-100 (to be installed)",
  numImages: sizesOf(counts),
  size: { height: 32, width: 32 },
  channels: 3,
  classes,
  origin,
  place: {
    kind: "installed",
    folder: name,
    systemDirs: [],
    downloads: [
      {
        name: archive,
        numBytes: 168_513_733,
        digest,
        addresses: ["https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz"]
      }
    ],
    fix: [
      "npx moco data fetch cifar100",
      "or name the folder that cifar-100-binary.tar.gz or cifar-100-python.tar.gz is in with --data-dir",
      "it is read as it is, or unpacked"
    ]
  },
  files: knownFiles(Cifar.formatsOf(cifar100Files)),
  find: (dirs) => find(Cifar.formatsOf(cifar100Files), dirs),
  sources: Effect.fn("Catalog.cifar100")(function* (split, whereabouts) {
    const sources = yield* partsOf(split, counts, (parts) => Cifar.read(cifar100Files, parts, whereabouts))
    // What is held back must not reach the inputs, not even by its mean.
    return split === "test" ? { ...sources, statistics: cifar100Statistics } : sources
  })
} as const satisfies CatalogEntry
