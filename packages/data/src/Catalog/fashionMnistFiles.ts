import type { IdxPair } from "../ImageSource/IdxPair.ts"
import type { PublishedFile } from "../PublishedFile.ts"

/** What is the same for every part of Fashion-MNIST (Xiao, Rasul, Vollgraf 2017). */
export const common = {
  size: { height: 28, width: 28 },
  channels: 1,
  /** In the order of the labels. */
  classes: [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot"
  ],
  origin: { from: "https://github.com/zalandoresearch/fashion-mnist (Zalando SE)", licence: "MIT" }
}

const file = (name: string, numBytes: number, sha256: string): PublishedFile => ({ name, numBytes, sha256 })

/** The published files; Debian's `dataset-fashion-mnist` holds the same bytes. */
export const trainFiles: IdxPair = {
  images: file(
    "train-images-idx3-ubyte",
    16 + 60_000 * 784,
    "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"
  ),
  labels: file(
    "train-labels-idx1-ubyte",
    8 + 60_000,
    "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"
  )
}

export const testFiles: IdxPair = {
  images: file(
    "t10k-images-idx3-ubyte",
    16 + 10_000 * 784,
    "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"
  ),
  labels: file(
    "t10k-labels-idx1-ubyte",
    8 + 10_000,
    "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"
  )
}
