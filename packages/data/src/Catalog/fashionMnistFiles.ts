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

/**
 * The published files; Debian's `dataset-fashion-mnist` holds the same bytes, compressed once more: known by what they
 * decompress to.
 */
export const trainFiles = pairOf("train", {
  images: {
    sha256: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    sha256OfGz: "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    numBytesOfGz: 26_421_880
  },
  labels: {
    sha256: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    sha256OfGz: "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    numBytesOfGz: 29_515
  }
})

export const testFiles = pairOf("test", {
  images: {
    sha256: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    sha256OfGz: "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    numBytesOfGz: 4_422_102
  },
  labels: {
    sha256: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    sha256OfGz: "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    numBytesOfGz: 5_148
  }
})
