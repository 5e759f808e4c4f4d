import { assert, describe, it } from "@effect/vitest"
import { Dataset, type OwnDataset, withLabels } from "@moco/data/Dataset"
import type { ImageSource } from "@moco/data/ImageSource"
import type { PixelArray } from "@moco/data/ImageSource/InMemory"
import { mixedSource } from "@moco/data/testing"
import { Effect } from "effect"
import fc from "fast-check"
import { imagesOf, pixelsOf } from "../imagesOf.ts"

interface Sizes {
  readonly numTrain: number
  readonly numTest: number
  readonly height: number
  readonly width: number
  readonly channels: number
  readonly numClasses: number
}

const images = (numImages: number, { channels, height, numClasses, width }: Sizes): PixelArray => ({
  pixels_NHWC: Uint8Array.from({ length: numImages * height * width * channels }, (_, i) => (37 * i) % 256),
  labels: Int32Array.from({ length: numImages }, (_, i) => i % numClasses),
  numImages,
  height,
  width,
  channels
})

const own = (sizes: Sizes) => ({
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
  numClasses: fc.integer({ min: 1, max: 1000 })
})

type Own = ReturnType<typeof own> & Partial<Pick<OwnDataset, "mean" | "std">>

/** One thing wrong, and the words that say what. */
type Corruption<A> = readonly [string, (right: A) => A]

const inSets = (
  words: string,
  change: (images: PixelArray) => Partial<PixelArray>
): ReadonlyArray<Corruption<Own>> =>
  (["train", "test"] as const).map((set) => [
    `${set}.${words}`,
    (dataset) => ({ ...dataset, [set]: { ...dataset[set], ...change(dataset[set]) } })
  ])

const sizeNames = ["numImages", "height", "width", "channels"] as const
const noSizes = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]

/** What may be wrong with the numbers that stand beside images, whether they are given or made. */
const statistics = <A extends object>(): ReadonlyArray<Corruption<A>> => [
  ...[[], [0.5, 0.5]].map(
    (mean): Corruption<A> => [`mean.length = ${mean.length}: must be 1`, (dataset) => ({ ...dataset, mean })]
  ),
  ...[Number.NaN, -0.1, 72.9, Number.POSITIVE_INFINITY].map(
    (mean): Corruption<A> => [
      `mean[0] = ${mean}: must be 0 to 1`,
      (dataset) => ({ ...dataset, mean: [mean] })
    ]
  ),
  ["std.length = 2: must be 1", (dataset) => ({ ...dataset, mean: [0.5], std: [0.3, 0.3] })],
  ...[0, Number.NaN, -0.3, 1e-300, 90, Number.POSITIVE_INFINITY].map(
    (std): Corruption<A> => [
      `std[0] = ${std}: must be 0.000001 to 1`,
      (dataset) => ({ ...dataset, std: [std] })
    ]
  )
]

/** What may be wrong with images that are given. */
const corruptions: ReadonlyArray<Corruption<Own>> = [
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
  ...inSets("labels.length = ", ({ labels }) => ({ labels: labels!.subarray(1) })),
  ...inSets("labels.length = ", ({ labels }) => ({ labels: new Uint8Array(labels!.length + 1) })),
  ...inSets("labels = Array: must be a Uint8Array or an Int32Array", ({ labels }) => ({
    labels: [...labels!] as never
  })),
  ...[255, 70_000, -1].flatMap((foreign) =>
    inSets(`labels[0] = ${foreign}: must be below 2, the number of classes`, ({ labels }) => ({
      labels: Int32Array.from(labels!, (label, i) => (i === 0 ? foreign : label))
    }))
  ),
  ["classes.length = 0", (dataset) => ({ ...dataset, classes: [] })],
  ['name = ""', (dataset) => ({ ...dataset, name: "" })],
  [
    "test.channels = 3: must be train.channels, 1",
    ({ test, ...dataset }) => {
      const { pixels_NHWC } = test
      const three = Uint8Array.from([...pixels_NHWC, ...pixels_NHWC, ...pixels_NHWC])
      return { ...dataset, test: { ...test, channels: 3, pixels_NHWC: three } }
    }
  ],
  ...statistics<Own>()
]

const inSources = (
  words: string,
  change: (source: ImageSource) => Partial<ImageSource>
): ReadonlyArray<Corruption<Dataset["Service"]>> =>
  (["train", "test"] as const).map((set) => [
    `${set}.${words}`,
    (dataset) => ({ ...dataset, [set]: { ...dataset[set], ...change(dataset[set]!) } })
  ])

/** What may be wrong with sources that say something wrong of themselves, and a data set that nobody has looked at. */
const corruptSources: ReadonlyArray<Corruption<Dataset["Service"]>> = [
  ...noSizes.flatMap((size) => [
    ...inSources(`numImages = ${size}: must be an integer of at least 1`, () => ({ numImages: size })),
    ...inSources(`channels = ${size}: must be an integer of at least 1`, () => ({ channels: size })),
    ...inSources(`height = ${size}: must be an integer of at least 1`, () => ({
      size: { kind: "fixed", height: size, width: 3 }
    }))
  ]),
  ...inSources("labels.length = 2: must be ", () => ({ labels: Int32Array.of(0, 1) })),
  ...inSources("labels = Uint8Array: must be an Int32Array", () => ({ labels: Uint8Array.of(0) as never })),
  ...inSources("classes.length = 0", () => ({ classes: undefined })),
  [
    "test.classes = ",
    (dataset) => ({ ...dataset, test: { ...dataset.test!, classes: ["one", "two", "three"] } })
  ],
  ["input.height = 0", (dataset) => ({ ...dataset, input: { height: 0, width: 3, channels: 1 } })],
  ["input.width = 1025", (dataset) => ({ ...dataset, input: { height: 5, width: 1025, channels: 1 } })],
  [
    "input.channels = 3: must be train.channels, 1",
    (dataset) => ({ ...dataset, input: { height: 5, width: 3, channels: 3 } })
  ],
  ...statistics<Dataset["Service"]>()
]

const gray = own({ numTrain: 6, numTest: 4, height: 5, width: 3, channels: 1, numClasses: 2 })

describe("A data set of one's own", () => {
  it.effect("is accepted, whatever its sizes, with the statistics that it is given or has", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(sizes, async (drawn) => {
          const given = own(drawn)
          const made = await Effect.runPromise(Dataset.make(given))
          assert.strictEqual(made.mean.length, drawn.channels)
          assert.strictEqual(made.std.length, drawn.channels)
          assert.deepStrictEqual(made.input, {
            height: drawn.height,
            width: drawn.width,
            channels: drawn.channels
          })
          assert.deepStrictEqual(pixelsOf(made.train), given.train.pixels_NHWC)
          assert.deepStrictEqual(made.test?.labels, Int32Array.from(given.test.labels!))
          const checked = Effect.provideService(Dataset.checked, Dataset, made)
          assert.deepStrictEqual(await Effect.runPromise(checked), made)
        })
      )
    )
  )

  it.effect("keeps its pixels where they are", () =>
    Effect.gen(function* () {
      const { train } = yield* Dataset.make(gray)
      assert.strictEqual(imagesOf(train)[2]!.pixels_HWC.buffer, gray.train.pixels_NHWC.buffer)
    })
  )

  it.effect("is given mean and standard deviation of its training pixels / 255", () =>
    Effect.gen(function* () {
      const two = { ...gray.train, numImages: 1, height: 1, width: 2, labels: Uint8Array.of(1) }
      const train = { ...two, pixels_NHWC: Uint8Array.of(0, 255) }
      const { mean, std } = yield* Dataset.make({ ...gray, train, test: train })
      assert.deepStrictEqual([mean, std], [[0.5], [0.5]])
      const given = yield* Dataset.make({ ...gray, mean: [0], std: [1] })
      assert.deepStrictEqual([given.mean, given.std], [[0], [1]])
      const half = yield* Dataset.make({ ...gray, train, test: train, mean: [0] })
      assert.deepStrictEqual([half.mean, half.std], [[0], [0.5]])
    })
  )

  it.effect("may have no labels and no images to evaluate on, and then says so to whoever needs them", () =>
    Effect.gen(function* () {
      const { labels: _, ...bare } = gray.train
      const cases = [
        ["train.labels", { name: "mine", train: bare, test: bare }],
        ["test.labels", { name: "mine", classes: ["a", "b"], train: gray.train, test: bare }],
        ["test", { name: "mine", classes: ["a", "b"], train: gray.train }],
        [
          "bank.labels",
          { name: "mine", classes: ["a", "b"], train: gray.train, bank: bare, test: gray.train }
        ]
      ] as const
      for (const [field, given] of cases) {
        const dataset = yield* Dataset.make(given)
        assert.isUndefined(withLabels(dataset))
        const error = yield* Effect.flip(Effect.provideService(Dataset.labelled, Dataset, dataset))
        assert.deepInclude(error, { _tag: "DatasetInvalid", field, value: "undefined" })
        assert.include(error.message, "choose one that needs no labels")
      }
      const whole = yield* Dataset.make(gray)
      assert.deepStrictEqual(withLabels(whole), whole)
      assert.deepStrictEqual(yield* Effect.provideService(Dataset.labelled, Dataset, whole), whole)
    })
  )

  it.effect("is evaluated by a bank of its own, where what it is trained on has no labels", () =>
    Effect.gen(function* () {
      const { labels: _, ...bare } = gray.train
      const own = { name: "mine", classes: ["a", "b"], train: bare, bank: gray.train, test: gray.train }
      const dataset = yield* Dataset.make(own)
      const labelled = yield* Effect.provideService(Dataset.labelled, Dataset, dataset)
      assert.strictEqual(labelled.train, dataset.bank)
      assert.isUndefined(dataset.train.labels)

      const inColour = mixedSource(3, 3)
      const others = { ...(yield* Dataset.make(gray)).train, classes: ["c", "d"] }
      const refused = [
        [{ ...own, bank: inColour }, "bank.channels", "must be train.channels, 1"],
        [{ ...own, bank: others }, "test.classes", "must be bank.classes"]
      ] as const
      for (const [given, field, problem] of refused) {
        const error = yield* Effect.flip(Dataset.make(given))
        assert.deepInclude(error, { _tag: "DatasetInvalid", field })
        assert.include(error.message, problem)
      }
    })
  )

  it.effect("may hold images of many sizes, once it is said in which size an encoder sees them", () =>
    Effect.gen(function* () {
      const train = mixedSource(300, 3)
      const error = yield* Effect.flip(Dataset.make({ name: "mine", train }))
      assert.include(
        error.message,
        "imageSize = undefined: must be given: the training images are of different"
      )
      const { input, mean } = yield* Dataset.make({ name: "mine", train, imageSize: { height: 4, width: 6 } })
      assert.deepStrictEqual(input, { height: 4, width: 6, channels: 3 })
      const values = [...pixelsOf(train)]
      assert.closeTo(mean[0]!, values.reduce((sum, value) => sum + value, 0) / values.length / 255, 1e-12)
    })
  )

  it.effect("is told what does not fit before any image is read", () =>
    Effect.gen(function* () {
      const unread = (source: ImageSource): ImageSource => ({ ...source, read: () => Effect.die("was read") })
      const [train, test] = [unread(mixedSource(5, 1)), unread(mixedSource(5, 3))]
      const imageSize = { height: 4, width: 6 }
      for (const [field, given] of [
        ["imageSize", { name: "mine", train }],
        ["test.channels", { name: "mine", train, test, imageSize }],
        ["input.height", { name: "mine", train, imageSize: { ...imageSize, height: 1025 } }],
        ["mean[0]", { name: "mine", train, imageSize, mean: [2] }],
        ["std.length", { name: "mine", train, imageSize, std: [] }]
      ] as const) {
        assert.strictEqual(
          (yield* Effect.flip(Dataset.make(given))).message.split(" = ")[0],
          `data set mine: ${field}`
        )
      }
    })
  )

  for (const [words, corrupt] of corruptions) {
    it.effect(`is refused with ${words}, when it is made`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(Dataset.make(corrupt(gray)))
        assert.strictEqual(error._tag, "DatasetInvalid")
        assert.include(error.message, words)
      })
    )
  }

  for (const [words, corrupt] of corruptSources) {
    it.effect(`is refused with ${words}, when it is read`, () =>
      Effect.gen(function* () {
        const dataset = corrupt(yield* Dataset.make(gray))
        const error = yield* Effect.flip(Effect.provideService(Dataset.checked, Dataset, dataset))
        assert.include(error.message, words)
        assert.isNotEmpty(error.hint)
      })
    )
  }
})
