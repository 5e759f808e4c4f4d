import { Context, Effect, Layer, Schema } from "effect"
import { ema } from "./Parameters.ts"
import { between } from "./Setting.ts"
import * as Stage from "./Stage.ts"
import { clone, type NamedTensors } from "./Tensor.ts"

const m = between(0, 1).annotate({
  description: "part of the key encoder that is kept in a step; 0 copies the query encoder, 1 never moves",
  unit: "unitless"
})

/** What a config says of how the key encoder of a queue follows the query encoder; told apart by `kind`. */
export const MomentumSettings = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("ema"), m }),
  Schema.Struct({
    kind: Schema.Literal("cosine"),
    m: m.annotate({ description: "m at the start; 1 at the end" })
  }),
  Schema.Struct({ kind: Schema.Literal("copy") }),
  Schema.Struct({ kind: Schema.Literal("frozen") })
]).annotate({ description: "how the key encoder of a queue follows the query encoder" })
export type MomentumSettings = typeof MomentumSettings.Type

/** How the key encoder follows the query encoder. */
export class MomentumUpdate extends Context.Service<
  MomentumUpdate,
  {
    /** The key parameters of step `step`, new tensors; running statistics are not part of it. Pure. */
    readonly next: (key: NamedTensors, query: NamedTensors, step: number) => NamedTensors
  }
>()("@moco/core/MomentumUpdate") {
  /**
   * `theta_k <- m * theta_k + (1 - m) * theta_q`, before the keys of a step are encoded (He et al. 2020, eq. 2).
   *
   * The paper's Algorithm 1 updates after the optimizer instead: the same sequence shifted by one step, since
   * theta_k = theta_q at the start.
   *
   * **Gotchas** `m` (0.999) belongs to the key encoder; the reversed form nearly copies the query encoder.
   *
   * @param m  unitless, 0 (copy) to 1 (frozen)
   */
  static readonly layerEma = (m: number) =>
    Layer.effect(
      MomentumUpdate,
      Effect.as(
        Stage.check("MomentumUpdate", Stage.fraction("m", m, momentumHint)),
        MomentumUpdate.of({ next: (key, query) => ema(key, query, m) })
      )
    )

  /** m = 0: keys come from the query encoder itself, without gradient. He et al. 2020 found it to fail. */
  static readonly layerCopy = Layer.succeed(
    MomentumUpdate,
    MomentumUpdate.of({ next: (_key, query) => clone(query) })
  )

  /** m = 1: keys come from the encoder as it was initialised. */
  static readonly layerFrozen = Layer.succeed(
    MomentumUpdate,
    MomentumUpdate.of({ next: (key) => clone(key) })
  )

  /**
   * m rises from `from` to 1 over the run by half a cosine (Grill et al. 2020; Chen et al. 2021 for MoCo):
   * `m(step) = 1 - (1 - from) * (cos(pi * step / numSteps) + 1) / 2`.
   */
  static readonly layerCosine = ({ from, numSteps }: { readonly from: number; readonly numSteps: number }) =>
    Layer.effect(
      MomentumUpdate,
      Effect.as(
        Stage.check(
          "MomentumUpdate",
          Stage.fraction("from", from, momentumHint),
          Stage.count("numSteps", numSteps, "steps of the whole run")
        ),
        MomentumUpdate.of({
          next: (key, query, step) => ema(key, query, risingMomentum(from, step / numSteps))
        })
      )
    )
}

/** The way of following that is named. @param numSteps  steps of the whole run */
export const layerOf = (settings: MomentumSettings, numSteps: number) => {
  switch (settings.kind) {
    case "ema":
      return MomentumUpdate.layerEma(settings.m)
    case "cosine":
      return MomentumUpdate.layerCosine({ from: settings.m, numSteps })
    case "copy":
      return MomentumUpdate.layerCopy
    case "frozen":
      return MomentumUpdate.layerFrozen
  }
}

const momentumHint = "part of the key encoder that is kept in a step: 0.999 in MoCo, 0.99 in short runs"

/** m of {@link MomentumUpdate.layerCosine}. `progress`: part of the run that is done, 0 to 1. */
export const risingMomentum = (from: number, progress: number): number =>
  1 - ((1 - from) * (Math.cos(Math.PI * Math.min(1, progress)) + 1)) / 2
