import * as Tensor from "@moco/core/Tensor"
import type { LabelledDataset, LabelledSource } from "@moco/data/Dataset"
import type { ImageSource } from "@moco/data/ImageSource"
import { Effect } from "effect"
import { confusion } from "../confusion.ts"
import type { Embedding, Part } from "../Embedding.ts"
import { exactNeighbours } from "../exactNeighbours.ts"
import { unitRows } from "../unitRows.ts"
import { voteOfNeighbours } from "../voteOfNeighbours.ts"
import { spread } from "./spread.ts"

const maxNeighbours = 20
const temperature = 0.1

/** How many pixels go through the encoder once more at most: 100,000 images of 32 x 32 pixels. */
const maxPixels = 100_000 * 32 ** 2

/** Places of images in each part. */
interface Compared {
  readonly train: ReadonlyArray<number>
  readonly test: ReadonlyArray<number>
}

/** Images whose classes are compared: all, or where they are too many pixels as large a share of either part, evenly spread. */
export const comparedIn = ({ input, test, train }: LabelledDataset): Compared => {
  const pixels = (test.numImages + train.numImages) * input.height * input.width
  const share = Math.min(1, maxPixels / pixels)
  const some = (numImages: number) => spread(numImages, Math.max(1, Math.floor(share * numImages)))
  return { train: some(train.numImages), test: some(test.numImages) }
}

/** Which class the nearest training images name, by the class that it is: what is taken for what, among some images. */
export const confusionOf = Effect.fn("Inspection.confusion")(function* (
  embedding: Embedding,
  { test, train }: LabelledDataset,
  compared: Compared
) {
  const k = Math.min(maxNeighbours, compared.train.length)
  const rowsIn = (part: Part, { numImages }: ImageSource) =>
    compared[part].length === numImages
      ? embedding.rowsOf(part, "backbone")
      : embedding.rowsAt(part, "backbone", sorted(compared[part]))
  const [train_NC, test_NC] = [yield* rowsIn("train", train), yield* rowsIn("test", test)]
  const bank_BC = yield* Tensor.scoped("Inspection.bank", () => unitRows(train_NC))
  const query_NC = yield* Tensor.scoped("Inspection.queries", () => unitRows(test_NC))
  const { index_NK, similarity_NK } = yield* exactNeighbours(query_NC, bank_BC, k)
  const [bankLabels, labels] = [labelsOf(train, compared.train), labelsOf(test, compared.test)]
  const said = yield* Tensor.run("Inspection.votes", () =>
    Int32Array.from(labels, (_, row) => {
      const own = [row * k, (row + 1) * k] as const
      const some = [index_NK.subarray(...own), similarity_NK.subarray(...own)] as const
      return voteOfNeighbours(...some, bankLabels, temperature, train.classes.length)
    })
  )
  return {
    counts: confusion(labels, said, train.classes.length).map((row) => [...row]),
    protocol: `weighted kNN, k = ${k}, temperature ${temperature}, backbone${someOf(train, test, compared)}`
  }
}, Effect.scoped)

/** Rows of a whole part are in this order, too. */
const sorted = (places: ReadonlyArray<number>): Int32Array => Int32Array.from(places).sort()

const labelsOf = ({ labels }: LabelledSource, places: ReadonlyArray<number>): Int32Array =>
  sorted(places).map((image) => labels[image]!)

const someOf = (train: ImageSource, test: ImageSource, compared: Compared): string =>
  compared.train.length === train.numImages && compared.test.length === test.numImages
    ? ""
    : `; ${compared.test.length} of ${test.numImages} evaluated images, among ${compared.train.length} of ${train.numImages} of training`
