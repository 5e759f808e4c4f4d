import { notebook } from "@moco/data/Augmentation/presets"
import { settingsFor } from "@moco/data/Augmentation/settings"
import { fileImages } from "@moco/data/DataSettings"
import { usualFiles } from "@moco/data/Files"
import type { RunConfig } from "../RunConfig.ts"
import { fashionMnistQuick } from "./fashionMnistQuick.ts"

/** What is known of images before a run of them is planned. */
interface Survey {
  /** Of every image; 3 where they are in colour. */
  readonly channels: number
  /** Images to train on; what is held back to evaluate on is not among them. */
  readonly numImages: number
  /** Whether they have classes that an encoder can be evaluated by. */
  readonly hasClasses: boolean
  /** Pixels of the shorter side of an image in the middle of all, by that size. */
  readonly shorterSide: number
}

/**
 * Pictures of one's own in a folder, on a processor: a small ResNet at 48 pixels, for as long as a few minutes allow.
 *
 * - Source: the authors' CIFAR-10 notebook (facebookresearch/moco, branch `colab-notebook`) with v2's MLP head, scaled
 *   down; batch, queue, epochs and image size follow from the number and the size of the images ({@link photosOf}).
 *   Views are the notebook's (jitter of all four kinds, one in five gray) with crops of a quarter of the image at least. So
 *   713 drawings and photographs in 8 classes were tried in PyTorch, and the encoder was above a colour histogram (kNN, k = 5:
 *   64.8 % against 61.3); patches of wallpapers without a jitter of colours were not (50.2 against 49.9).
 * - Command: `npx moco train --data=DIR`
 * - Cost: 200 epochs of few images, fewer of more, down to 10: some 150,000 images are seen where there are 750 to 15,000.
 *   713 images at 48 pixels take 5 s an epoch on 2 shared cores of an AMD EPYC with AVX2
 * - Expected: no published figure is of anybody's own pictures; a run prints its baselines beside its own
 */
export const photos = (): RunConfig =>
  photosOf({ channels: 3, numImages: 1000, hasClasses: true, shorterSide: 256 })

/** Images that a run sees, over all of its epochs. */
const budget = 150_000

/** {@link photos} for images of which there are so many, of such a size. */
export const photosOf = ({ channels, hasClasses, numImages, shorterSide }: Survey): RunConfig => {
  const quick = fashionMnistQuick()
  const epochs = within(Math.round(budget / numImages), 10, 200)
  const k = numImages < 40 ? [1] : [20, 5]
  const imageSize = shorterSide < 40 ? 32 : numImages < 20_000 ? 48 : 64
  const bankBytes = numImages * imageSize ** 2 * channels * Float32Array.BYTES_PER_ELEMENT
  const batchSize = within(powerBelow(numImages / 4), 4, 128)
  const everyEpochs = Math.ceil(epochs / 5)
  return {
    ...quick,
    recipe: "photos",
    data: {
      name: fileImages,
      evaluationSplit: "test",
      imageSize,
      files: { ...usualFiles, path: "photos" }
    },
    augmentation: settingsFor({ ...notebook, cropScale: { min: 0.25, max: 1 } }, channels),
    encoder: {
      ...quick.encoder,
      width: 32,
      head: "mlp",
      batchNormGroups: batchSize >= 64 ? 4 : 2
    },
    dictionary: { kind: "queue", size: within(powerBelow(numImages), batchSize, 65_536) },
    loss: { kind: "infoNce", temperature: 0.2, symmetric: false },
    optimizer: { ...quick.optimizer, learningRate: (0.06 * batchSize) / 128 },
    training: { epochs, batchSize },
    evaluations:
      hasClasses && bankBytes <= maxBankBytes
        ? { knn: { everyEpochs, k, temperature: 0.1 } }
        : withoutLabels(everyEpochs)
  }
}

/** Raw pixels of all images, the largest bank that is compared with; more is not for a recipe to take unasked. */
const maxBankBytes = 2 ** 30

/** Of the first images: a spectrum of raw pixels, to compare with, takes a minute for 1,000 and seconds for 500. */
const withoutLabels = (everyEpochs: number): RunConfig["evaluations"] => ({
  pretext: { everyEpochs, numImages: 1000 },
  spectrum: { everyEpochs, numImages: 500 }
})

const within = (value: number, least: number, most: number) => Math.min(Math.max(value, least), most)

/** The largest power of two that is not above. */
const powerBelow = (value: number) => 2 ** Math.floor(Math.log2(Math.max(1, value)))
