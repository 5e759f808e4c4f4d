import { batchNormEpsilon } from "@moco/core/BatchNormConstants"
import type { Network } from "@moco/core/Encoder"
import { sizesOf } from "@moco/core/Encoder/kinds"
import { ResNetConfig } from "@moco/core/Encoder/ResNetConfig"
import { Dataset } from "@moco/data/Dataset"
import { Effect, Schema } from "effect"
import { parseJson } from "./internal/parseJson.ts"
import type { RunConfig } from "./RunConfig.ts"
import { version } from "./RunFolder/environment.ts"

const Positive = Schema.Int.check(Schema.isGreaterThan(0))

/** The form of a file that this describes; another number where an older reader would misread it. */
const format = "moco-effect encoder 1"

/**
 * What is needed to use an encoder elsewhere: what it is built like, and what its inputs have to look like. Stands beside
 * the weights as `encoder.json`, and in their file as safetensors metadata.
 */
export const EncoderCard = Schema.Struct({
  format: Schema.Literal(format),
  architecture: Schema.Union([
    /** A ResNet by torchvision's names and conventions; see `core/Encoder/ResNetLayout`. */
    Schema.Struct({
      family: Schema.Literal("resnet"),
      ...ResNetConfig.fields,
      /** Length of what the backbone gives before the projection head (`fc`): what downstream tasks use. */
      representationSize: Positive,
      batchNormEpsilon: Schema.Finite
    }),
    /** A network of a program's own: only that program knows what it is built like. */
    Schema.Struct({ family: Schema.Literal("own"), featureSize: Positive })
  ]),
  input: Schema.Struct({
    /** Pixels. */
    height: Positive,
    width: Positive,
    channels: Positive,
    /** Of pixel values before they are normalised: bytes are divided by 255. */
    valueRange: Schema.Tuple([Schema.Finite, Schema.Finite]),
    /** Per channel: inputs are (value - mean) / std. */
    mean: Schema.Array(Schema.Finite),
    std: Schema.Array(Schema.Finite)
  }),
  data: Schema.Struct({
    /** What it was trained on, without labels. */
    name: Schema.String,
    classes: Schema.Array(Schema.String)
  }),
  training: Schema.Struct({
    recipe: Schema.String,
    seed: Schema.Int,
    /** Steps that were taken. */
    step: Schema.Int,
    batchSize: Positive
  }),
  /** Of moco-effect. */
  version: Schema.String
})
export type EncoderCard = typeof EncoderCard.Type

/** The card of a run's query encoder after `step` steps; `own` is its network where that is not the one of the config. */
export const encoderCard = Effect.fn("EncoderCard.encoderCard")(function* (
  config: RunConfig,
  step: number,
  own?: Pick<Network, "featureSize">
) {
  const { input, mean, name, std, train } = yield* Dataset
  const { recipe, seed, training } = config
  return EncoderCard.make({
    format,
    architecture:
      own === undefined ? named(config, input.channels) : { family: "own", featureSize: own.featureSize },
    input: { ...input, valueRange: [0, 1], mean, std },
    data: { name, classes: train.classes ?? [] },
    training: { recipe, seed, step, batchSize: training.batchSize },
    version: yield* version
  })
})

const named = ({ encoder }: RunConfig, channels: number) => {
  const { kind: family, ...architecture } = encoder
  const { representationSize } = sizesOf(encoder, channels)
  return { family, ...architecture, representationSize, batchNormEpsilon }
}

const encode = Schema.encodeSync(EncoderCard)

/** The card as the text of a JSON file. */
export const cardText = (card: EncoderCard): string => `${JSON.stringify(encode(card), null, 2)}\n`

/**
 * The card as safetensors metadata, whose values are strings: a word as it is, anything else as JSON. `format: pt` stands
 * for PyTorch's names and layout, as other readers expect it; the card's own format stands under `card`.
 */
export const cardMetadata = (card: EncoderCard): Readonly<Record<string, string>> => {
  const { format: cardFormat, ...parts } = encode(card)
  return {
    format: "pt",
    card: cardFormat,
    ...Object.fromEntries(
      Object.entries(parts).map(([key, part]) => [
        key,
        typeof part === "string" ? part : JSON.stringify(part)
      ])
    )
  }
}

const decode = Schema.decodeUnknownEffect(EncoderCard, { onExcessProperty: "error" })

/** The card in the metadata of an exported encoder. */
export const cardOf = Effect.fn("EncoderCard.cardOf")(function* (metadata: Readonly<Record<string, string>>) {
  const { card, format: _, version, ...parts } = metadata
  const read = yield* Effect.forEach(Object.entries(parts), ([key, text]) =>
    Effect.map(Effect.fromResult(parseJson(text)), (part) => [key, part] as const)
  )
  return yield* decode({ format: card, version, ...Object.fromEntries(read) })
})
