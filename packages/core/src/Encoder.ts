import type * as tf from "@tensorflow/tfjs-core"
import { Context, Effect, Layer, type Scope } from "effect"
import { Backend } from "./Backend.ts"
import * as Stage from "./Stage.ts"
import * as Tensor from "./Tensor.ts"

/** What an encoder knows: learned parameters, and the running statistics of its batch normalisation. */
export interface Weights {
  readonly parameters: Tensor.NamedTensors
  readonly statistics: Tensor.NamedTensors
}

/** A network as pure functions of its weights; nothing here owns a tensor. */
export interface Network {
  /** Length D of a feature. */
  readonly featureSize: number
  /** Initial weights, a pure function of the seed. The caller owns them. */
  readonly init: (seed: number) => Weights
  /**
   * Training-mode features, rows of unit L2 norm; differentiable in `weights.parameters`.
   *
   * Calls `keep` for every new running statistic, which thereby outlives the gradient's tidy.
   */
  readonly train: (
    weights: Weights,
    view_NHWC: tf.Tensor4D,
    keep: Tensor.Keep
  ) => { readonly feature_ND: tf.Tensor2D; readonly statistics: Tensor.NamedTensors }
  /**
   * Training-mode backbone representation, before the projection head and without normalisation; differentiable in the
   * parameters of the backbone. Calls `keep` as `train` does. Where the loss takes batch norm in parts of a batch, this
   * takes it of the whole batch: it is for training with labels, where no sample can tell of another.
   */
  readonly trainBackbone: (
    weights: Weights,
    view_NHWC: tf.Tensor4D,
    keep: Tensor.Keep
  ) => { readonly row_NC: tf.Tensor2D; readonly statistics: Tensor.NamedTensors }
  /** Evaluation-mode backbone representation, before the projection head and without normalisation. */
  readonly represent: (weights: Weights, image_NHWC: tf.Tensor4D) => tf.Tensor2D
  /** Evaluation-mode features, behind the projection head: rows of unit L2 norm, as the loss compares them. */
  readonly project: (weights: Weights, image_NHWC: tf.Tensor4D) => tf.Tensor2D
}

/** An encoder of a run: a network and the cells that hold its current weights. */
export interface Encoder {
  readonly network: Network
  readonly parameters: Tensor.TensorCell
  readonly statistics: Tensor.TensorCell
}

/** The current weights of an encoder; borrowed until the next commit. */
export const weightsOf = (encoder: Encoder): Weights => ({
  parameters: encoder.parameters.get(),
  statistics: encoder.statistics.get()
})

/** Everything an encoder consists of, under names that start with `prefix`; borrowed until the next commit. */
export const snapshotOf = (encoder: Encoder, prefix: string): Tensor.NamedTensors =>
  snapshotOfWeights(weightsOf(encoder), prefix)

/** Weights under the names of {@link snapshotOf}. */
export const snapshotOfWeights = (weights: Weights, prefix: string): Tensor.NamedTensors => ({
  ...Tensor.prefixed(weights.parameters, `${prefix}.parameters`),
  ...Tensor.prefixed(weights.statistics, `${prefix}.statistics`)
})

/** Continues from copies of what {@link snapshotOf} gave under the same prefix, which then belong to the encoder. */
export const adopt = (encoder: Encoder, copies: Tensor.NamedTensors, prefix: string): void => {
  encoder.parameters.replace(Tensor.unprefixed(copies, `${prefix}.parameters`))
  encoder.statistics.replace(Tensor.unprefixed(copies, `${prefix}.statistics`))
}

const cellsOf = (
  operation: string,
  network: Network,
  make: () => Weights
): Effect.Effect<Encoder, Tensor.TensorError, Scope.Scope> =>
  Effect.gen(function* () {
    const initial = yield* Tensor.run(operation, make)
    // Both cells take over what `make` gave; neither constructor can fail.
    const parameters = yield* Tensor.cell(operation, () => initial.parameters)
    const statistics = yield* Tensor.cell(operation, () => initial.statistics)
    return { network, parameters, statistics }
  }).pipe(Effect.uninterruptible)

/** An encoder that can say what it began as. */
export interface SeededEncoder extends Encoder {
  /** The weights that the seed gives, made anew: the untrained baseline. The caller owns them. */
  readonly untrained: () => Weights
  /** The weights before the first step, made anew: the seed's, or others that were given. The caller owns them. */
  readonly initial: () => Weights
}

/** The encoder that learns (theta_q): its features are the queries. */
export class QueryEncoder extends Context.Service<QueryEncoder, SeededEncoder>()("@moco/core/QueryEncoder") {
  /**
   * Initialises `network` from `seed`.
   *
   * @param given  puts other weights in place of the seed's, which it is given away
   */
  static readonly layer = (
    network: Network,
    seed: number,
    given: (seeds: Weights) => Weights = (seeds) => seeds
  ) =>
    Layer.effect(
      QueryEncoder,
      Effect.gen(function* () {
        yield* Backend
        const { featureSize } = network
        yield* Stage.check(
          "QueryEncoder",
          Stage.seed(seed),
          Stage.count("network.featureSize", featureSize, "length of a feature: 128 in the literature")
        )
        const untrained = () => network.init(seed)
        const initial = () => given(untrained())
        return { ...(yield* cellsOf("QueryEncoder.init", network, initial)), untrained, initial }
      })
    )
}

/** The encoder that follows (theta_k): its features are the keys. It gets no gradient. */
export class KeyEncoder extends Context.Service<KeyEncoder, SeededEncoder>()("@moco/core/KeyEncoder") {
  /** Starts as a copy of the query encoder, running statistics included (He et al. 2020, section 3.2). */
  static readonly layer = Layer.effect(
    KeyEncoder,
    Effect.gen(function* () {
      const query = yield* QueryEncoder
      const { initial, network, untrained } = query
      const encoder = yield* cellsOf("KeyEncoder.init", network, () => ({
        parameters: Tensor.clone(query.parameters.get()),
        statistics: Tensor.clone(query.statistics.get())
      }))
      return { ...encoder, untrained, initial }
    })
  )
}
