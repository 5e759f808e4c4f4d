import type { Stl } from "../ImageSource/Stl.ts"
import type { Download } from "./CatalogEntry.ts"

const origin = { from: "https://cs.stanford.edu/~acoates/stl10/ (Coates, Lee, Ng 2011)", licence: undefined }

/** What is the same for both entries of STL-10, images of 96 x 96 pixels drawn from ImageNet. */
export const common = { size: { height: 96, width: 96 }, channels: 3, origin } as const

/** In the order of the labels. */
export const classes = [
  "airplane",
  "bird",
  "car",
  "cat",
  "deer",
  "dog",
  "horse",
  "monkey",
  "ship",
  "truck"
] as const

const archive = "stl10_binary.tar.gz"
const digest = {
  algorithm: "SHA-256",
  hex: "f31fd99273a1acb8609c8db427cebb1de3f71de77758cdc0e22956e1289b9866"
} as const

/** The archive of all images, with labels and without. */
export const stl10Archive: Download = {
  name: archive,
  numBytes: 2_640_397_119,
  digest,
  addresses: ["https://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz"]
}

/** The published files, by the archive's SHA-256 or the files' own MD5. */
export const filesOf = (name: string): Stl => ({
  planes: { ...common.size, channels: common.channels, order: "columns" },
  classes,
  provenance: { name, ...origin },
  archive,
  folder: "stl10_binary",
  digest,
  numImages: { train: 5_000, test: 8_000, unlabeled: 100_000 },
  md5: {
    "train_X.bin": "918c2871b30a85fa023e0c44e0bee87f",
    "train_y.bin": "5a34089d4802c674881badbb80307741",
    "test_X.bin": "7f263ba9f9e0b06b93213547f721ac82",
    "test_y.bin": "36f9794fa4beb8a2c72628de14fa638e",
    "unlabeled_X.bin": "5242ba1fed5e4be9e1e742405eb56ca4"
  }
})
