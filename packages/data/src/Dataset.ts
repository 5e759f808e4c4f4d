import { Context, Effect, Layer } from "effect"
import { check, formFaults, nameFaults, statisticsFaults } from "./Dataset/check.ts"
import { DatasetInvalid } from "./Dataset/errors.ts"
import { report, within } from "./Dataset/fault.ts"
import { type ChannelStatistics, channelStatistics } from "./Dataset/statistics.ts"
import { sourceFaults } from "./ImageSource/faults.ts"
import * as InMemory from "./ImageSource/InMemory.ts"
import { type ImageReadError, type ImageSize, type ImageSource, make } from "./ImageSource.ts"

export {
  DatasetCorrupt,
  DatasetInvalid,
  DatasetMissing,
  DatasetUnreadable,
  ImageIndexInvalid
} from "./Dataset/errors.ts"

/** The images of a run: what the encoder is trained on, what it is evaluated on, and in which form it is given them. */
export class Dataset extends Context.Service<
  Dataset,
  {
    /** Names the images and their split, e.g. `fashion-mnist-10k`; figures of different names are not comparable. */
    readonly name: string
    /** What the encoder is trained on. */
    readonly train: ImageSource
    /**
     * Images whose labels an evaluation is given, where those that are trained on have none or are others: the bank of kNN, and
     * what a probe is fitted on. Left out, they are `train`.
     */
    readonly bank?: ImageSource | undefined
    /** What the encoder is evaluated on, the evaluation split; undefined where there is none. */
    readonly test: ImageSource | undefined
    /** What the encoder sees of every image, whatever its own size: images are cropped and stretched to it. */
    readonly input: ImageSize & { readonly channels: number }
  } & ChannelStatistics
>()("@moco/data/Dataset") {
  /**
   * A data set of your own, checked. Images of one size are seen in that size where no `imageSize` is given; `mean` and
   * `std` are computed in a pass over the training images where they are not given.
   */
  static readonly make = Effect.fn("Dataset.make")(function* (
    own: OwnDataset
  ): Effect.fn.Return<Dataset["Service"], ImageReadError> {
    yield* report(own.name, nameFaults(own.name))
    const train = yield* sourceOf("train", own.train, own)
    const bank = own.bank === undefined ? undefined : yield* sourceOf("bank", own.bank, own)
    const test = own.test === undefined ? undefined : yield* sourceOf("test", own.test, own)
    const input = { ...(yield* sizeSeen(own, train)), channels: train.channels }
    // Told before the pass over the training images, which may take long.
    yield* report(own.name, formFaults({ bank, input, test, train }))
    yield* report(own.name, statisticsFaults(own, train.channels))
    const statistics = yield* statisticsOf(own, train)
    return Dataset.of({ name: own.name, train, bank, test, input, ...statistics })
  })

  /** {@link make} as a layer. */
  static readonly layerOf = (own: OwnDataset): Layer.Layer<Dataset, ImageReadError> =>
    Layer.effect(Dataset, Dataset.make(own))

  /**
   * The data set, once all of it is known to fit together. Whoever reads images, labels or statistics asks for it in
   * this way: it may have been made by `Dataset.of`, which looks at nothing.
   */
  static readonly checked: Effect.Effect<Dataset["Service"], DatasetInvalid, Dataset> = Effect.suspend(() =>
    Effect.tap(Dataset, check)
  )

  /**
   * {@link checked} for what compares labels, with the bank as `train`: fails where there is no evaluation split, or no
   * labels.
   */
  static readonly labelled: Effect.Effect<LabelledDataset, DatasetInvalid, Dataset> = Effect.suspend(() =>
    Effect.flatMap(Dataset.checked, requireLabels)
  )

  /** The same data set as an encoder sees it that is given images of another size. */
  static readonly seenAs =
    (imageSize: ImageSize) =>
    <E, R>(dataset: Layer.Layer<Dataset, E, R>): Layer.Layer<Dataset, E, R> =>
      Layer.effect(
        Dataset,
        Effect.map(Dataset, (whole) => Dataset.of({ ...whole, input: { ...whole.input, ...imageSize } }))
      ).pipe(Layer.provide(dataset))
}

/** Images of your own: those of an array, or a source of your own. */
type OwnImages = InMemory.PixelArray | ImageSource

/** What a data set is made of; see {@link Dataset.make}. */
export interface OwnDataset extends Partial<ChannelStatistics> {
  readonly name: string
  /** Class names of the labels of an array; a source brings its own. */
  readonly classes?: ReadonlyArray<string>
  readonly train: OwnImages
  /** Images with labels to evaluate by, where `train` has none. */
  readonly bank?: OwnImages | undefined
  /** What the encoder is evaluated on; without it a run trains, and nothing that needs images to evaluate on can be asked. */
  readonly test?: OwnImages | undefined
  /** What the encoder sees; needed where images are of different sizes. */
  readonly imageSize?: ImageSize
}

/** A source of images with their labels. */
export type LabelledSource = ImageSource & {
  readonly labels: Int32Array
  readonly classes: ReadonlyArray<string>
}

/** A data set by whose labels an encoder can be evaluated. */
export type LabelledDataset = Dataset["Service"] & {
  readonly train: LabelledSource
  readonly test: LabelledSource
}

/** The images that an encoder is evaluated by: those whose labels are given, and those that are asked about. */
export const evaluatedBy = ({ bank, test, train }: Pick<Dataset["Service"], "bank" | "test" | "train">) => ({
  bank: bank ?? train,
  asked: test ?? train
})

/** A data set by whose labels an encoder can be evaluated, where both parts are there and have them. */
export const withLabels = (dataset: Dataset["Service"]): LabelledDataset | undefined => {
  const { bank } = evaluatedBy(dataset)
  const { test } = dataset
  if (!isLabelled(bank) || test === undefined || !isLabelled(test)) return undefined
  return { ...dataset, train: bank, test }
}

const isLabelled = (source: ImageSource): source is LabelledSource =>
  source.labels !== undefined && source.classes !== undefined

const requireLabels = (dataset: Dataset["Service"]): Effect.Effect<LabelledDataset, DatasetInvalid> => {
  const labelled = withLabels(dataset)
  if (labelled !== undefined) return Effect.succeed(labelled)
  const { bank, name, test, train } = dataset
  const field =
    (bank ?? train).labels === undefined
      ? `${bank === undefined ? "train" : "bank"}.labels`
      : test === undefined
        ? "test"
        : "test.labels"
  const problem = "there are none, and this evaluation compares labels"
  const hint = "leave the evaluation away, choose one that needs no labels, or give labels"
  return Effect.fail(new DatasetInvalid({ dataset: name, field, value: "undefined", problem, hint }))
}

const sourceOf = (
  part: "train" | "bank" | "test",
  images: OwnImages,
  { classes, name }: Pick<OwnDataset, "classes" | "name">
): Effect.Effect<ImageSource, DatasetInvalid> => {
  if (!("pixels_NHWC" in images)) {
    // By `make`: what a source of somebody's own gives is looked at.
    return Effect.as(report(name, within(part, sourceFaults(images))), make(images))
  }
  const provenance = { name, sha256: {}, from: "given in code", licence: undefined }
  const origin = { classes, provenance }
  return Effect.map(report(name, within(part, InMemory.faults(images, origin))), () =>
    InMemory.unchecked(images, origin)
  )
}

/** The size in which an encoder sees the images: the one that is given, else their own. */
const sizeSeen = (
  { imageSize, name }: Pick<OwnDataset, "imageSize" | "name">,
  { size }: ImageSource
): Effect.Effect<ImageSize, DatasetInvalid> => {
  if (imageSize !== undefined) return Effect.succeed(imageSize)
  if (size.kind === "fixed") return Effect.succeed({ height: size.height, width: size.width })
  const problem = "must be given: the training images are of different sizes"
  const hint = "name the size in which an encoder sees them all: { height, width } in pixels"
  return Effect.fail(
    new DatasetInvalid({ dataset: name, field: "imageSize", value: "undefined", problem, hint })
  )
}

const statisticsOf = Effect.fnUntraced(function* (
  { mean, std }: Partial<ChannelStatistics>,
  train: ImageSource
): Effect.fn.Return<ChannelStatistics, ImageReadError> {
  if (mean !== undefined && std !== undefined) return { mean, std }
  const computed = yield* channelStatistics(train)
  return { mean: mean ?? computed.mean, std: std ?? computed.std }
})
