import type { Cifar } from "@moco/data/ImageSource/Cifar"
import type { Planes } from "@moco/data/ImageSource/planes"
import type { Stl } from "@moco/data/ImageSource/Stl"
import { pickle } from "./pickles.ts"

/** Images of 3 x 2 in three channels, as small as images of the published layouts can be and have all of it. */
export const planes: Planes = { height: 3, width: 2, channels: 3, order: "rows" }
const numValues = 18
const provenance = { from: "made by a test", licence: undefined }

/** What an image's file says of a pixel: every byte of every image of a batch is another one, modulo 251. */
const valueAt = (batch: number, image: number, channel: number, y: number, x: number) =>
  (batch * 72 + image * 18 + channel * 6 + y * 2 + x) % 251

/** Images of a batch with each image's channels one after the other, row after row or column after column. */
const planesOf = (batch: number, numImages: number, order: Planes["order"]): Uint8Array => {
  const bytes = new Uint8Array(numImages * numValues)
  for (const image of Array(numImages).keys())
    for (const channel of [0, 1, 2])
      for (const y of [0, 1, 2])
        for (const x of [0, 1]) {
          const inside = order === "rows" ? y * 2 + x : x * 3 + y
          bytes[image * numValues + channel * 6 + inside] = valueAt(batch, image, channel, y, x)
        }
  return bytes
}

/** The same images row after row, channels innermost. */
export const pixelsOf = (batch: number, numImages: number): Array<number> => {
  const pixels: Array<number> = []
  for (const image of Array(numImages).keys())
    for (const y of [0, 1, 2])
      for (const x of [0, 1])
        for (const channel of [0, 1, 2]) pixels.push(valueAt(batch, image, channel, y, x))
  return pixels
}

/** Two batches of 4 images to train on and one of 4 to test on, with labels of ten classes in twenty, as CIFAR has them. */
export const cifar: Cifar = {
  planes,
  labels: [
    { key: "coarse_labels", numClasses: 20 },
    { key: "fine_labels", numClasses: 10 }
  ],
  classes: Array.from({ length: 10 }, (_, label) => `class ${label}`),
  provenance: { name: "mine", ...provenance },
  published: [
    {
      kind: "rows",
      archive: "mine-binary.tar.gz",
      folder: "mine-bin",
      train: [
        { name: "data_batch_1.bin", numImages: 4 },
        { name: "data_batch_2.bin", numImages: 4 }
      ],
      test: [{ name: "test_batch.bin", numImages: 4 }]
    },
    {
      kind: "pickles",
      archive: "mine-python.tar.gz",
      folder: "mine-py",
      train: [
        { name: "data_batch_1", numImages: 4 },
        { name: "data_batch_2", numImages: 4 }
      ],
      test: [{ name: "test_batch", numImages: 4 }]
    }
  ]
}

export const coarse = [19, 0, 7, 3]
export const fine = [9, 0, 4, 4]

/** A row is the coarse label, the fine label, the planes. */
export const rows = (batch: number, labels = fine): Uint8Array =>
  Buffer.concat(
    labels.map((label, image) =>
      Buffer.concat([
        Uint8Array.of(coarse[image]!, label),
        planesOf(batch, 4, "rows").subarray(image * numValues, (image + 1) * numValues)
      ])
    )
  )

/** The same images and labels as {@link rows}, pickled. */
export const pickled = (batch: number, changes: Parameters<typeof pickle>[0] = {}): Uint8Array =>
  pickle({
    coarse_labels: coarse,
    fine_labels: fine,
    data: { shape: [4, numValues], data: planesOf(batch, 4, "rows") },
    ...changes
  })

/** The files of {@link cifar} in either form. */
export const rowFiles = {
  "data_batch_1.bin": rows(0),
  "data_batch_2.bin": rows(1),
  "test_batch.bin": rows(2)
}
export const pickleFiles = { data_batch_1: pickled(0), data_batch_2: pickled(1), test_batch: pickled(2) }

/** STL-10 of few images; labels count from 1. */
export const stl: Stl = {
  planes: { ...planes, order: "columns" },
  classes: Array.from({ length: 10 }, (_, label) => `class ${label}`),
  provenance: { name: "mine", ...provenance },
  archive: "mine_binary.tar.gz",
  folder: "mine_binary",
  numImages: { train: 3, test: 2, unlabeled: 9 },
  md5: {}
}

export const stlFiles = {
  "train_X.bin": planesOf(0, 3, "columns"),
  "train_y.bin": Uint8Array.of(1, 10, 4),
  "test_X.bin": planesOf(1, 2, "columns"),
  "test_y.bin": Uint8Array.of(2, 3),
  "unlabeled_X.bin": planesOf(2, 9, "columns")
}
