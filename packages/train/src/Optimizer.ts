import { Dictionary } from "@moco/core/Dictionary"
import { QueryEncoder } from "@moco/core/Encoder"
import { sgdStep } from "@moco/core/Parameters"
import { belowOne, between, positiveUpTo } from "@moco/core/Setting"
import * as Stage from "@moco/core/Stage"
import * as Tensor from "@moco/core/Tensor"
import * as tf from "@tensorflow/tfjs-core"
import { Context, Effect, Layer, Record, Schema } from "effect"
import { ScheduleSettings } from "./LearningRate.ts"

/** New parameters, and the moments that go with them. */
export interface OptimizerUpdate {
  readonly parameters: Tensor.NamedTensors
  /** By parameter name. */
  readonly moments: Tensor.NamedTensors
  /** Puts the new moments in place of the old ones. Synchronous; nothing in it can fail. */
  readonly commit: () => void
}

/** What a config says of the optimizer. */
export const OptimizerSettings = Schema.Struct({
  // Numbers are float32, of which the largest is 3.4e38: the product with a gradient must have room.
  learningRate: positiveUpTo(1e30).annotate({
    description: "size of a step at the start; 0.03 to 0.06 is usual",
    unit: "unitless"
  }),
  momentum: belowOne.annotate({
    description: "part of the last step that is kept; 0.9 is usual",
    unit: "unitless"
  }),
  weightDecay: between(0, 1e6).annotate({
    description: "pull of every parameter towards 0; 0.0001 to 0.0005 is usual",
    unit: "unitless"
  }),
  schedule: ScheduleSettings
})

/** Settings of stochastic gradient descent. */
export interface SgdSettings {
  /** Momentum of the moments, unitless, 0 to below 1. */
  readonly momentum: number
  /** Weight decay per step, on every parameter, batch norm and biases included (as the authors do). */
  readonly weightDecay: number
}

/** Moves parameters against their gradient. */
export class Optimizer extends Context.Service<
  Optimizer,
  {
    /** Computes an update under `lease`; nothing changes before its `commit`. */
    readonly prepare: (
      parameters: Tensor.NamedTensors,
      gradients: Tensor.NamedTensors,
      learningRate: number,
      lease: Tensor.Lease
    ) => OptimizerUpdate
    /** The moments by parameter name; borrowed until the next commit. */
    readonly snapshot: () => Tensor.NamedTensors
    /** The moments before the first step, made anew. The caller owns them; to be called within a tidy. */
    readonly initial: () => Tensor.NamedTensors
    /** Continues from a snapshot, of which it takes copies; one that does not fit changes nothing. */
    readonly restore: (
      moments: Tensor.NamedTensors
    ) => Effect.Effect<void, Tensor.TensorError | Tensor.SnapshotMismatch>
  }
>()("@moco/train/Optimizer") {
  /** SGD with momentum and weight decay, in PyTorch's form: the moment is a sum of gradients, not a mean. */
  static readonly layerSgd = ({ momentum, weightDecay }: SgdSettings) =>
    Layer.effect(
      Optimizer,
      Effect.gen(function* () {
        yield* Stage.check(
          "Optimizer",
          Stage.fraction("momentum", momentum, "part of the last step that is kept: 0.9 is usual", true),
          Stage.notNegative("weightDecay", weightDecay, "pull of every parameter towards 0: 0.0001 is usual")
        )
        const { parameters } = yield* QueryEncoder
        const { trained } = yield* Dictionary
        const initial = () =>
          Record.map({ ...parameters.get(), ...trained() }, (parameter) => tf.zerosLike(parameter))
        const moments = yield* Tensor.cell("Optimizer.init", initial)
        return Optimizer.of({
          prepare: (current, gradients, learningRate, lease) => {
            const next = sgdStep(current, gradients, moments.get(), { learningRate, momentum, weightDecay })
            for (const tensor of Object.values(next.parameters)) lease.keep(tensor)
            for (const tensor of Object.values(next.moments)) lease.keep(tensor)
            return {
              ...next,
              commit: () => moments.replace(lease.handOver(next.moments))
            }
          },
          snapshot: moments.get,
          initial,
          restore: (snapshot) =>
            Effect.map(Tensor.copiesLike("Optimizer.restore", moments.get(), snapshot), (copies) =>
              moments.replace(copies)
            )
        })
      })
    )
}
