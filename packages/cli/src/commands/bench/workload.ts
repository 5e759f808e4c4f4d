import { published, type Shape } from "@moco/core/Encoder/published"
import { numImages, type Workload } from "@moco/train/Bench"
import { MachineMemory } from "@moco/train/MachineMemory"
import { ConfigInvalid, decode, type Problem, type RunConfig } from "@moco/train/RunConfig"
import { valueAt } from "@moco/train/RunConfig/fields"
import { excessOf, footprint } from "@moco/train/RunConfig/footprint"
import { schemaProblems } from "@moco/train/RunConfig/schemaProblems"
import { fashionMnistQuick } from "@moco/train/recipes/fashionMnistQuick"
import { Effect, Option, Result, Schema } from "effect"

/** Images of this height and more get the stem that ResNets have on ImageNet, unless the other one is asked for. */
export const imageNetSize = 64

/** The networks that are measured, all with a linear head. */
export const encoders: Readonly<Record<string, Shape>> = published

type Stem = RunConfig["encoder"]["stem"]

/** The flags of `bench`, as they were given. */
export interface BenchFlags {
  readonly encoder: string
  /** None: the stem that is usual for the image size. */
  readonly stem: Option.Option<Stem>
  /** Height and width, pixels. */
  readonly imageSize: number
  readonly channels: number
  readonly batchSize: number
  readonly queueSize: number
  /** Parts of a batch with batch statistics of their own; the keys are shuffled where there are more than one. */
  readonly bnGroups: number
  readonly augment: "on" | "off"
  readonly steps: number
  readonly warmUp: number
  readonly tries: number
  readonly threads: number
  readonly backend: "tensorflow" | "cpu"
}

const between = (minimum: number, maximum: number, description: string) =>
  Schema.Int.check(Schema.isBetween({ minimum, maximum })).annotate({ description })

/** What no config says. */
const Beside = Schema.Struct({
  encoder: Schema.Literals(Object.keys(encoders)).annotate({ description: "the network" }),
  imageSize: between(1, 1024, "height and width of the images, pixels"),
  channels: between(1, 64, "channels of the images"),
  steps: between(1, 100_000, "steps that are measured"),
  warmUp: between(0, 100_000, "steps that come first and do not count"),
  tries: between(1, 100, "how often steps that other programs disturb are measured at most")
})

/** The flag that decides a value of {@link Beside} or of the config. */
const flagOf: Readonly<Record<string, string>> = {
  encoder: "--encoder",
  imageSize: "--image-size",
  channels: "--channels",
  steps: "--steps",
  warmUp: "--warm-up",
  tries: "--tries",
  "training.batchSize": "--batch-size",
  "dictionary.size": "--queue-size",
  "encoder.batchNormGroups": "--bn-groups",
  "backend.threads": "--threads"
}

/** The workload that flags ask for; everything that is wrong with them at once, by the flags' own names. */
export const workloadOf = Effect.fn("cli.workloadOf")(function* (flags: BenchFlags) {
  const { channels, encoder, imageSize, steps, tries, warmUp } = flags
  const beside = { encoder, imageSize, channels, steps, warmUp, tries }
  const decoded = yield* Effect.result(decodeBeside(beside))
  const found = Result.isFailure(decoded) ? schemaProblems(decoded.failure.issue, Beside.ast, beside) : []
  const config = yield* Effect.result(decode(configOf(flags)))
  const problems = [...found, ...(Result.isFailure(config) ? config.failure.problems : [])]
  if (Result.isFailure(config) || problems.length > 0) {
    return yield* new ConfigInvalid({ problems: problems.map(inFlags) })
  }
  const workload: Workload = { config: config.success, imageSize, channels, augment: flags.augment === "on" }
  const tooLarge = sizeProblem(workload) ?? memoryProblem(workload, yield* MachineMemory)
  return tooLarge === undefined ? workload : yield* new ConfigInvalid({ problems: [tooLarge] })
})

const decodeBeside = Schema.decodeUnknownEffect(Beside, { errors: "all" })

/** The quick recipe with what the flags say; the images are synthetic, and the rate so small that nothing diverges. */
const configOf = (flags: BenchFlags): RunConfig => {
  const base = fashionMnistQuick()
  const shape = Object.hasOwn(encoders, flags.encoder) ? encoders[flags.encoder] : {}
  return {
    ...base,
    recipe: "bench",
    // The set with the most images: it allows the largest batch.
    data: { ...base.data, name: "fashion-mnist" },
    encoder: { ...base.encoder, ...shape, stem: stemOf(flags), batchNormGroups: flags.bnGroups },
    dictionary: { kind: "queue", size: flags.queueSize },
    keyShuffle: { kind: flags.bnGroups === 1 ? "plain" : "shuffle" },
    optimizer: { ...base.optimizer, learningRate: 1e-3, schedule: { kind: "constant" } },
    training: { ...base.training, batchSize: flags.batchSize },
    evaluations: {},
    backend: { name: flags.backend, threads: flags.threads }
  }
}

const stemOf = ({ imageSize, stem }: BenchFlags): Stem =>
  Option.getOrElse(stem, () => (imageSize >= imageNetSize ? "imagenet" : "cifar"))

/** A problem of the config, in the words of the command line. */
const inFlags = ({ hint, path, problem, value }: Problem): Problem => ({
  path: flagOf[path] ?? path,
  value,
  problem: withFlags(problem),
  hint: withFlags(hint)
})

const withFlags = (text: string): string =>
  Object.entries(flagOf).reduce(
    // Whole settings only: `encoder` is a word of many sentences.
    (sentence, [setting, flag]) => (setting.includes(".") ? sentence.replaceAll(setting, flag) : sentence),
    text
  )

/** What the config's own check says for images of the data set's size. */
const memoryProblem = (workload: Workload, memory: number): Problem | undefined => {
  const { channels, config, imageSize } = workload
  const images = { numImages: numImages(workload), height: imageSize, width: imageSize, channels }
  const excess = excessOf(footprint(config, images), memory, config)
  return excess && inFlags({ ...excess, value: String(valueAt(config, excess.path.split("."))) })
}

const maxBytes = 2 ** 31

/** Pixels are bytes of one array. */
const sizeProblem = (workload: Workload): Problem | undefined => {
  const { channels, config, imageSize } = workload
  const bytes = numImages(workload) * imageSize ** 2 * channels
  if (bytes <= maxBytes) return undefined
  const images = `${numImages(workload)} images of ${imageSize} x ${imageSize} x ${channels}`
  return {
    path: "--batch-size",
    value: String(config.training.batchSize),
    problem: `the ${images} that batches are drawn from take ${(bytes / 1e9).toFixed(1)} GB, and ${(maxBytes / 1e9).toFixed(1)} GB is the most`,
    hint: "choose a smaller batch or smaller images"
  }
}
