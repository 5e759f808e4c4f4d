import { QueryEncoder, weightsOf } from "@moco/core/Encoder"
import * as Tensor from "@moco/core/Tensor"
import { Dataset } from "@moco/data/Dataset"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, type Scope } from "effect"
import { colourHistogram } from "./colourHistogram.ts"
import type { Represent } from "./Evaluation.ts"

/** What a run is about; whatever else is measured beside it is a baseline. */
export const trainedEncoder = "trained encoder"

export const untrainedEncoder = "untrained encoder"
export const rawPixels = "raw pixels"
export const colours = "colour histogram"

/** Whether a subject is one that the trained encoder is compared with. */
export const isBaseline = ({ subject }: { readonly subject: string }): boolean => subject !== trainedEncoder

/** What is measured, by the name that its measurements have. */
export interface Subject {
  readonly subject: string
  /** How a message calls its representation. */
  readonly representation: string
  readonly represent: Represent
}

/** Something that the trained encoder is compared with, the same at any time of a run. */
export interface Baseline extends Omit<Subject, "represent"> {
  /** Its representation; the tensors of it live until the Scope closes. */
  readonly represent: Effect.Effect<Represent, Tensor.TensorError, Scope.Scope>
}

/** Pixels as they enter the encoder: what a representation has to beat. */
const pixels: Represent = (image_NHWC) => tf.reshape(image_NHWC, [image_NHWC.shape[0], -1]) as tf.Tensor2D

/** The query encoder, with the weights that it has whenever it represents. */
export const trained = Effect.map(
  QueryEncoder,
  (query): Subject => ({
    subject: trainedEncoder,
    representation: `the ${trainedEncoder}'s representation`,
    represent: (image_NHWC) => query.network.represent(weightsOf(query), image_NHWC)
  })
)

/** The baselines of a run, in the order in which they are evaluated; of images without colours, colours are none. */
export const baselines = Effect.gen(function* () {
  const { network, untrained } = yield* QueryEncoder
  const dataset = yield* Dataset
  const all: ReadonlyArray<Baseline> = [
    { subject: rawPixels, representation: "the images as they are", represent: Effect.succeed(pixels) },
    ...(dataset.input.channels === numColours
      ? [
          {
            subject: colours,
            representation: "the images' colours",
            represent: Effect.succeed(colourHistogram(dataset))
          }
        ]
      : []),
    {
      subject: untrainedEncoder,
      representation: `the ${untrainedEncoder}'s representation`,
      represent: Effect.map(
        Tensor.scoped("Evaluation.untrained", () => ({ ...untrained() })),
        (weights): Represent =>
          (image_NHWC) =>
            network.represent(weights, image_NHWC)
      )
    }
  ]
  return all
})

/** Red, green and blue. */
const numColours = 3
