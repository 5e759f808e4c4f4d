import { pairOf } from "./idxEntry.ts"

/** What is the same for every part of Fashion-MNIST (Xiao, Rasul, Vollgraf 2017). */
export const common = {
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

/** The published files; Debian's `dataset-fashion-mnist` holds the same bytes. */
export const trainFiles = pairOf("train", {
  images: { sha256: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888" },
  labels: { sha256: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9" }
})

export const testFiles = pairOf("test", {
  images: { sha256: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b" },
  labels: { sha256: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34" }
})
