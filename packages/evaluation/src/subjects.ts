import { type Network, QueryEncoder, type Weights, weightsOf } from "@moco/core/Encoder"
import * as Tensor from "@moco/core/Tensor"
import { Dataset } from "@moco/data/Dataset"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, type Scope } from "effect"
import { colourHistogram } from "./colourHistogram.ts"
import type { Represent, Subject } from "./Embedding.ts"

/** What a run is about; whatever else is measured beside it is a baseline. */
export const trainedEncoder = "trained encoder"

export const untrainedEncoder = "untrained encoder"
export const rawPixels = "raw pixels"
export const colours = "colour histogram"

/** Whether a subject is one that the trained encoder is compared with. */
export const isBaseline = ({ subject }: { readonly subject: string }): boolean => subject !== trainedEncoder

/** Something that the trained encoder is compared with, the same at any time of a run. */
export interface Baseline extends Pick<Subject, "subject"> {
  /** Makes it; the tensors of it live until the Scope closes. */
  readonly make: Effect.Effect<Subject, Tensor.TensorError, Scope.Scope>
}

/** Pixels as they enter the encoder: what a representation has to beat. */
const pixels: Represent = (image_NHWC) => tf.reshape(image_NHWC, [image_NHWC.shape[0], -1]) as tf.Tensor2D

/** A network with the weights that it has whenever it represents. */
const encoderAs = (subject: string, network: Network, weights: () => Weights): Subject => ({
  subject,
  encoder: { network, weights, isUntrained: subject === untrainedEncoder },
  representation: `the ${subject}'s representation`,
  represent: (image_NHWC) => network.represent(weights(), image_NHWC),
  project: (image_NHWC) => network.project(weights(), image_NHWC)
})

/** The query encoder as it is whenever it represents. */
export const trained = Effect.map(QueryEncoder, (query) =>
  encoderAs(trainedEncoder, query.network, () => weightsOf(query))
)

/** The baselines of a run, in the order in which they are evaluated; of images without colours, colours are none. */
export const baselines = Effect.gen(function* () {
  const { network, untrained } = yield* QueryEncoder
  const dataset = yield* Dataset
  const ready = (subject: Subject): Baseline => ({
    subject: subject.subject,
    make: Effect.succeed(subject)
  })
  const all: ReadonlyArray<Baseline> = [
    ready({ subject: rawPixels, representation: "the images as they are", represent: pixels }),
    ...(dataset.input.channels === numColours
      ? [
          ready({
            ...{ subject: colours, representation: "the images' colours" },
            represent: colourHistogram(dataset)
          })
        ]
      : []),
    {
      subject: untrainedEncoder,
      make: Effect.map(
        Tensor.scoped("Evaluation.untrained", () => ({ ...untrained() })),
        (weights) => encoderAs(untrainedEncoder, network, () => weights)
      )
    }
  ]
  return all
})

/** Red, green and blue. */
const numColours = 3
