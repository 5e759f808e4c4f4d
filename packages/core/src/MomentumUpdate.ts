import { Context, Layer } from "effect"
import { ema } from "./internal/ema.ts"
import type { NamedTensors } from "./Tensor.ts"

/** How the key encoder follows the query encoder. */
export class MomentumUpdate extends Context.Service<
  MomentumUpdate,
  {
    /** The key parameters of the next step, new tensors; running statistics are not part of it. Pure. */
    readonly next: (key: NamedTensors, query: NamedTensors) => NamedTensors
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
    Layer.succeed(MomentumUpdate, MomentumUpdate.of({ next: (key, query) => ema(key, query, m) }))
}
