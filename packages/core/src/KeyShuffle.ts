import * as tf from "@tensorflow/tfjs-core"
import { Context, Effect, Layer, Schema } from "effect"
import * as CounterRandom from "./CounterRandom.ts"
import * as Stage from "./Stage.ts"

/** What a config says of the order of keys; told apart by `kind`. */
export const KeyShuffleSettings = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("shuffle") }),
  Schema.Struct({ kind: Schema.Literal("none") }),
  Schema.Struct({ kind: Schema.Literal("plain") })
]).annotate({
  description: "whether keys are encoded in another order than their queries; plain: with ordinary batch norm"
})
export type KeyShuffleSettings = typeof KeyShuffleSettings.Type

/** Which batch of keys is shuffled: the step, and the direction of a symmetric loss. */
export interface ShuffleKey {
  readonly step: number
  readonly direction: number
}

/**
 * Shuffling batch norm (He et al. 2020, section 3.3): keys are encoded in another order than their queries, so
 * that the two do not share batch statistics, by which the pretext task could be solved without learning.
 *
 * **Gotchas** On one device a shuffle alone changes nothing: batch norm must be split in groups as well.
 */
export class KeyShuffle extends Context.Service<
  KeyShuffle,
  {
    /** Encodes a batch in shuffled order; the keys come back in the order of `view_NHWC`. Pure. */
    readonly encode: (
      view_NHWC: tf.Tensor4D,
      key: ShuffleKey,
      encoder: (view_NHWC: tf.Tensor4D) => tf.Tensor2D
    ) => tf.Tensor2D
  }
>()("@moco/core/KeyShuffle") {
  /** A new random order for every step and direction, a pure function of `seed`. */
  static readonly layer = (seed: number) =>
    Layer.unwrap(
      Effect.as(
        Stage.check("KeyShuffle", Stage.seed(seed)),
        KeyShuffle.layerOrder(({ direction, step }, size) =>
          CounterRandom.permutation(
            CounterRandom.make(seed, CounterRandom.Purpose.keyShuffle, step, direction),
            size
          )
        )
      )
    )

  /**
   * The orders are given: `order(key, N)[i]` is the sample that takes place i. An order that leaves a sample out is a
   * RangeError when it is used: its key would be another sample's.
   */
  static readonly layerOrder = (order: (key: ShuffleKey, size: number) => Int32Array) =>
    Layer.succeed(
      KeyShuffle,
      KeyShuffle.of({
        encode: (view_NHWC, key, encoder) =>
          tf.tidy(() => {
            const order_N = order(key, view_NHWC.shape[0])
            const inverse_N = inverse(order_N, view_NHWC.shape[0])
            const shuffled_NHWC = tf.gather(view_NHWC, tf.tensor1d(order_N, "int32"))
            return tf.gather(encoder(shuffled_NHWC), tf.tensor1d(inverse_N, "int32"))
          })
      })
    )

  /**
   * Keys are encoded as they come. Where batch norm is split, a query and its key are then normalised with the same
   * images: the leak that shuffling is there to close.
   */
  static readonly layerNone = Layer.succeed(
    KeyShuffle,
    KeyShuffle.of({ encode: (view_NHWC, _key, encoder) => encoder(view_NHWC) })
  )

  /** Plain batch norm over the whole batch, where the order of the keys makes no difference: they come as they are. */
  static readonly layerPlain = KeyShuffle.layerNone
}

/** The order of keys that is named. */
export const layerOf = ({ kind }: KeyShuffleSettings, seed: number) => {
  switch (kind) {
    case "shuffle":
      return KeyShuffle.layer(seed)
    case "none":
      return KeyShuffle.layerNone
    case "plain":
      return KeyShuffle.layerPlain
  }
}

const inverse = (order: Int32Array, size: number): Int32Array => {
  const places = new Int32Array(size).fill(-1)
  order.forEach((sample, place) => {
    places[sample] = place
  })
  if (order.length !== size || places.includes(-1)) {
    throw new RangeError(`[${order.subarray(0, 8)}...] is no order of the ${size} keys of a batch`)
  }
  return places
}
