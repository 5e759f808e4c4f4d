import { assert, describe, it } from "@effect/vitest"
import { Dataset, type ImageSet, type OwnDataset } from "@moco/data/Dataset"
import { Effect } from "effect"
import fc from "fast-check"

interface Sizes {
  readonly numTrain: number
  readonly numTest: number
  readonly height: number
  readonly width: number
  readonly channels: number
  readonly numClasses: number
}

const images = (numImages: number, { channels, height, numClasses, width }: Sizes): ImageSet => ({
  pixels_NHWC: Uint8Array.from({ length: numImages * height * width * channels }, (_, i) => (37 * i) % 256),
  labels: Uint8Array.from({ length: numImages }, (_, i) => i % numClasses),
  numImages,
  height,
  width,
  channels
})

const own = (sizes: Sizes): OwnDataset => ({
  name: "mine",
  classes: Array.from({ length: sizes.numClasses }, (_, i) => `class ${i}`),
  train: images(sizes.numTrain, sizes),
  test: images(sizes.numTest, sizes)
})

const sizes: fc.Arbitrary<Sizes> = fc.record({
  numTrain: fc.integer({ min: 1, max: 6 }),
  numTest: fc.integer({ min: 1, max: 6 }),
  height: fc.integer({ min: 1, max: 5 }),
  width: fc.integer({ min: 1, max: 5 }),
  channels: fc.integer({ min: 1, max: 4 }),
  numClasses: fc.integer({ min: 1, max: 256 })
})

const gray = own({ numTrain: 6, numTest: 4, height: 5, width: 3, channels: 1, numClasses: 2 })

const checked = (dataset: OwnDataset) =>
  Effect.provideService(Dataset.checked, Dataset, Dataset.of({ mean: [0.5], std: [0.3], ...dataset }))

/** One thing wrong, and the words that say what. */
type Corruption = readonly [string, (dataset: OwnDataset) => OwnDataset]

const inSet =
  (set: "train" | "test", change: (images: ImageSet) => Partial<ImageSet>) =>
  (dataset: OwnDataset): OwnDataset => ({ ...dataset, [set]: { ...dataset[set], ...change(dataset[set]) } })

const inSets = (words: string, change: (images: ImageSet) => Partial<ImageSet>): ReadonlyArray<Corruption> =>
  (["train", "test"] as const).map((set) => [`${set}.${words}`, inSet(set, change)])

const sizeNames = ["numImages", "height", "width", "channels"] as const
const noSizes = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]

const corruptions: ReadonlyArray<Corruption> = [
  ...sizeNames.flatMap((name) =>
    noSizes.flatMap((size) =>
      inSets(`${name} = ${size}: must be an integer of at least 1`, () => ({ [name]: size }))
    )
  ),
  ...inSets("pixels_NHWC.length = ", ({ pixels_NHWC }) => ({ pixels_NHWC: pixels_NHWC.subarray(1) })),
  ...inSets("pixels_NHWC.length = ", ({ pixels_NHWC }) => ({
    pixels_NHWC: new Uint8Array(pixels_NHWC.length + 1)
  })),
  ...inSets("pixels_NHWC = Float32Array: must be a Uint8Array", ({ pixels_NHWC }) => ({
    pixels_NHWC: Float32Array.from(pixels_NHWC) as never
  })),
  ...inSets("labels.length = ", ({ labels }) => ({ labels: labels.subarray(1) })),
  ...inSets("labels.length = ", ({ labels }) => ({ labels: new Uint8Array(labels.length + 1) })),
  ...inSets("labels = Array: must be a Uint8Array", ({ labels }) => ({ labels: [...labels] as never })),
  ...inSets("labels[0] = 255: must be below 2, the number of classes", ({ labels }) => ({
    labels: labels.map((label, i) => (i === 0 ? 255 : label))
  })),
  ["classes.length = 0", (dataset) => ({ ...dataset, classes: [] })],
  ["classes.length = 257", (dataset) => ({ ...dataset, classes: Array(257).fill("a") })],
  ['name = ""', (dataset) => ({ ...dataset, name: "" })],
  ["test.height = 3: must be train.height, 5", inSet("test", () => ({ height: 3, width: 5 }))],
  [
    "test.width = 6: must be train.width, 3",
    inSet("test", ({ labels, pixels_NHWC }) => ({
      width: 6,
      numImages: 2,
      labels: labels.subarray(0, 2),
      pixels_NHWC
    }))
  ],
  [
    "test.channels = 3: must be train.channels, 1",
    inSet("test", ({ pixels_NHWC }) => ({
      channels: 3,
      pixels_NHWC: Uint8Array.from([...pixels_NHWC, ...pixels_NHWC, ...pixels_NHWC])
    }))
  ],
  ...[[], [0.5, 0.5]].map(
    (mean): Corruption => [`mean.length = ${mean.length}: must be 1`, (dataset) => ({ ...dataset, mean })]
  ),
  ...[Number.NaN, -0.1, 72.9, Number.POSITIVE_INFINITY].map(
    (mean): Corruption => [`mean[0] = ${mean}: must be 0 to 1`, (dataset) => ({ ...dataset, mean: [mean] })]
  ),
  ["std.length = 2: must be 1", (dataset) => ({ ...dataset, std: [0.3, 0.3] })],
  ...[0, Number.NaN, -0.3, 1e-300, 90, Number.POSITIVE_INFINITY].map(
    (std): Corruption => [`std[0] = ${std}: must be 0.000001 to 1`, (dataset) => ({ ...dataset, std: [std] })]
  )
]

describe("A data set of one's own", () => {
  it.effect("is accepted, whatever its sizes, with the statistics that it is given or has", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(sizes, async (drawn) => {
          const made = await Effect.runPromise(Dataset.make(own(drawn)))
          assert.strictEqual(made.mean.length, drawn.channels)
          assert.strictEqual(made.std.length, drawn.channels)
          assert.deepStrictEqual(await Effect.runPromise(checked(made)), made)
        })
      )
    )
  )

  it.effect("is given mean and standard deviation of its training pixels / 255", () =>
    Effect.gen(function* () {
      const two = { ...gray.train, numImages: 1, height: 1, width: 2, labels: Uint8Array.of(1) }
      const train = { ...two, pixels_NHWC: Uint8Array.of(0, 255) }
      const { mean, std } = yield* Dataset.make({ ...gray, train, test: train })
      assert.deepStrictEqual([mean, std], [[0.5], [0.5]])
      const given = yield* Dataset.make({ ...gray, mean: [0], std: [1] })
      assert.deepStrictEqual([given.mean, given.std], [[0], [1]])
    })
  )

  for (const [words, corrupt] of corruptions) {
    it.effect(`is refused with ${words}, when it is made and when it is read`, () =>
      Effect.gen(function* () {
        for (const refused of [Dataset.make(corrupt(gray)), checked(corrupt(gray))]) {
          const error = yield* Effect.flip(refused)
          assert.strictEqual(error._tag, "DatasetInvalid")
          assert.include(error.message, words)
          assert.isNotEmpty(error.hint)
        }
      })
    )
  }
})
