import { Effect } from "effect"
import * as Cifar from "../ImageSource/Cifar.ts"
import { find, knownFiles } from "../Parts.ts"
import type { CatalogEntry } from "./CatalogEntry.ts"
import { type Counts, partsOf, sizesOf } from "./heldBack.ts"

const name = "cifar10"

const classes = [
  "airplane",
  "automobile",
  "bird",
  "cat",
  "deer",
  "dog",
  "frog",
  "horse",
  "ship",
  "truck"
] as const

const counts: Counts = { train: 50_000, test: 10_000, kept: 45_000 }
const numImages = 10_000
const origin = { from: "https://www.cs.toronto.edu/~kriz/cifar.html (Krizhevsky 2009)", licence: undefined }

/** What is fetched, as it has no pickles. */
const archive = "cifar-10-binary.tar.gz"
const digest = {
  algorithm: "SHA-256",
  hex: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
} as const

/**
 * The published files, each format with the hash of its archive. Of the unpacked files MD5 is published in the pickles'
 * format alone; unpacked rows are known by their form (sizes, labels below 10).
 */
export const cifar10Files: Cifar.Cifar = {
  planes: { height: 32, width: 32, channels: 3, order: "rows" },
  labels: [{ key: "labels", numClasses: classes.length }],
  classes,
  provenance: { name, ...origin },
  published: [
    {
      kind: "rows",
      archive,
      folder: "cifar-10-batches-bin",
      digest,
      train: [1, 2, 3, 4, 5].map((batch) => ({ name: `data_batch_${batch}.bin`, numImages })),
      test: [{ name: "test_batch.bin", numImages }]
    },
    {
      kind: "pickles",
      archive: "cifar-10-python.tar.gz",
      folder: "cifar-10-batches-py",
      digest: { algorithm: "MD5", hex: "c58f30108f718f92721af3b95e74349a" },
      train: [
        { name: "data_batch_1", numImages, md5: "c99cafc152244af753f735de768cd75f" },
        { name: "data_batch_2", numImages, md5: "d4bba439e000b95fd0a9bffe97cbabec" },
        { name: "data_batch_3", numImages, md5: "54ebc095f3ab1f0389bbae665268c751" },
        { name: "data_batch_4", numImages, md5: "634d18415352ddfa80567beed471001a" },
        { name: "data_batch_5", numImages, md5: "482c414d41f54cd18b22e5b47cb7c3cb" }
      ],
      test: [{ name: "test_batch", numImages, md5: "40351d587109b95175f43aff81a1287e" }]
    }
  ]
}

/**
 * Of the pixels of the 50,000 training images. The notebook of MoCo's authors has 0.2023, 0.1994, 0.2010 for `std`: the
 * mean of the images' own deviations, which is smaller as it leaves out how images differ from one another, so that
 * its inputs have a deviation of 1.2 and not of 1.
 */
export const cifar10Statistics = { mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] } as const

/** CIFAR-10: 50,000 images to train on, and the published 10,000 test images; the last 5,000 may be held back. */
export const cifar10 = {
  name,
  description: "CIFAR-10 (to be installed)",
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
        numBytes: 170_052_171,
        digest,
        addresses: ["https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"]
      }
    ],
    fix: [
      "npx moco data fetch cifar10",
      "or name the folder that cifar-10-binary.tar.gz or cifar-10-python.tar.gz is in with --data-dir",
      "it is read as it is, or unpacked"
    ]
  },
  files: knownFiles(Cifar.formatsOf(cifar10Files)),
  find: (dirs) => find(Cifar.formatsOf(cifar10Files), dirs),
  sources: Effect.fn("Catalog.cifar10")(function* (split, whereabouts) {
    const sources = yield* partsOf(split, counts, (parts) => Cifar.read(cifar10Files, parts, whereabouts))
    // What is held back must not reach the inputs, not even by its mean.
    return split === "test" ? { ...sources, statistics: cifar10Statistics } : sources
  })
} as const satisfies CatalogEntry
