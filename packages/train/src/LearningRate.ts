import { Context, Layer } from "effect"

/** The learning rate of every step. */
export class LearningRate extends Context.Service<
  LearningRate,
  {
    /** Learning rate during `epoch`, counted from 0 (a fraction inside an epoch is allowed). */
    readonly at: (epoch: number) => number
  }
>()("@moco/train/LearningRate") {
  /** The base rate throughout. */
  static readonly layerConstant = (base: number) =>
    Layer.succeed(LearningRate, LearningRate.of({ at: () => base }))

  /** Half a cosine from `base` to 0 over `numEpochs`, moved every step (Loshchilov & Hutter 2017). */
  static readonly layerCosine = (base: number, numEpochs: number) =>
    Layer.succeed(
      LearningRate,
      LearningRate.of({
        at: (epoch) => 0.5 * base * (1 + Math.cos((Math.PI * Math.min(epoch, numEpochs)) / numEpochs))
      })
    )

  /** Multiplied by `factor` at each milestone (MoCo v1: 0.1 at epochs 120 and 160). */
  static readonly layerStep = (base: number, milestones: ReadonlyArray<number>, factor: number) =>
    Layer.succeed(
      LearningRate,
      LearningRate.of({
        at: (epoch) => base * factor ** milestones.filter((milestone) => epoch >= milestone).length
      })
    )
}
