import type { Network, Weights } from "@moco/core/Encoder"
import * as Tensor from "@moco/core/Tensor"
import { Augmentation } from "@moco/data/Augmentation"
import { Dataset, evaluatedBy } from "@moco/data/Dataset"
import type { ImageReadError, ImageSource } from "@moco/data/ImageSource"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Schema, Scope } from "effect"
import { comparable } from "./Evaluation/comparable.ts"
import { blocksOf } from "./unitRows.ts"

/** Turns normalised images into rows, one an image. Pure; rows need not be of unit length. */
export type Represent = (image_NHWC: tf.Tensor4D) => tf.Tensor2D

/**
 * Where an encoder is read: `backbone` is what stays when it is used for anything else, `head` what the loss compares. What
 * has no head, such as raw pixels, is the same at both.
 */
export const EncoderLayer = Schema.Literals(["backbone", "head"]).annotate({
  description:
    "where the encoder is read: its backbone (what is meant where it is left out), or its projection head"
})
export type EncoderLayer = typeof EncoderLayer.Type

/** The network that a subject represents by, for evaluations that train a copy of it. */
export interface SubjectEncoder {
  readonly network: Network
  /** As they are now; borrowed. */
  readonly weights: () => Weights
  /** Whether they are the seed's, that no step has moved. */
  readonly isUntrained: boolean
}

/** What is measured, by the name that its measurements have. */
export interface Subject {
  readonly subject: string
  /** How a message calls its representation. */
  readonly representation: string
  /** Its rows at the backbone. */
  readonly represent: Represent
  /** Its rows at the head, where it has one. */
  readonly project?: Represent | undefined
  /** Its network, where it has one: raw pixels have none. */
  readonly encoder?: SubjectEncoder | undefined
}

/** A part of the data set: the bank, whose labels are given (what is trained on, or others), or what is evaluated on. */
export type Part = "train" | "test"

/** What a subject makes of images; that of a whole part is worked out once, for all evaluations that ask for it. */
export interface Embedding {
  /** Whose it is. */
  readonly subject: string
  /** The network behind it, where there is one. */
  readonly encoder: SubjectEncoder | undefined
  /** The rows of any images at a layer. What it throws says whose they are. */
  readonly represent: (layer: EncoderLayer) => Represent
  /**
   * The rows of every image of a part under the test transform: [N, C]. They live as long as the embedding. Interruptible
   * between batches.
   */
  readonly rowsOf: (
    part: Part,
    layer: EncoderLayer
  ) => Effect.Effect<tf.Tensor2D, Tensor.TensorError | ImageReadError>
  /** The rows of some images of a part, in their order; they belong to the Scope. Interruptible between batches. */
  readonly rowsAt: (
    part: Part,
    layer: EncoderLayer,
    indices: Int32Array
  ) => Effect.Effect<tf.Tensor2D, Tensor.TensorError | ImageReadError, Scope.Scope>
}

/** Images that go through an encoder in evaluation mode at a time, however many are asked for: it bounds the memory. */
export const imagesAtOnce = 500

/** Opens the embedding of a subject; what it has worked out is released when the Scope closes. */
export const open = Effect.fn("Embedding.open")(function* ({
  encoder,
  project,
  represent,
  representation,
  subject
}: Subject) {
  const { asked, bank } = evaluatedBy(yield* Dataset)
  const { normalize } = yield* Augmentation
  const scope = yield* Effect.scope
  const backbone = comparable(represent, representation)
  const layers = { backbone, head: project === undefined ? backbone : comparable(project, representation) }
  const known = new Map<ImageSource, Map<Represent, tf.Tensor2D>>()

  /** In batches, which are released when they are put together or it is stopped; what is put together is `owner`'s. */
  const embed = Effect.fnUntraced(function* (
    source: ImageSource,
    layer: Represent,
    indices: Int32Array,
    owner: Scope.Scope
  ) {
    const parts: Array<tf.Tensor2D> = []
    for (const [from, to] of blocksOf(indices.length, imagesAtOnce)) {
      const images = yield* source.read(indices.subarray(from, to))
      parts.push(yield* Tensor.scoped("Embedding.rows", () => layer(normalize(images))))
      yield* Effect.yieldNow
    }
    return yield* Scope.provide(
      Tensor.scoped("Embedding.rows", () => tf.concat2d(parts, 0)),
      owner
    )
  }, Effect.scoped)

  const sourceOf = (part: Part) => (part === "train" ? bank : asked)

  const rowsOf = Effect.fn("Embedding.rowsOf")(function* (part: Part, name: EncoderLayer) {
    const source = sourceOf(part)
    const layer = layers[name]
    const before = known.get(source)?.get(layer)
    if (before !== undefined) return before
    const all = Int32Array.from({ length: source.numImages }, (_, index) => index)
    const rows = yield* embed(source, layer, all, scope)
    known.set(source, new Map([...(known.get(source) ?? []), [layer, rows]]))
    return rows
  })

  const rowsAt = Effect.fn("Embedding.rowsAt")(function* (
    part: Part,
    name: EncoderLayer,
    indices: Int32Array
  ) {
    const [source, layer] = [sourceOf(part), layers[name]]
    const all_NC = known.get(source)?.get(layer)
    if (all_NC === undefined) return yield* embed(source, layer, indices, yield* Effect.scope)
    return yield* Tensor.scoped("Embedding.rowsAt", () => tf.gather(all_NC, tf.tensor1d(indices, "int32")))
  })

  const embedding: Embedding = { subject, encoder, represent: (layer) => layers[layer], rowsOf, rowsAt }
  return embedding
})
