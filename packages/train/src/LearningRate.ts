import * as Stage from "@moco/core/Stage"
import { Context, Effect, Layer } from "effect"

/** The learning rate during an epoch, counted from 0 (a fraction inside an epoch is allowed). */
export type Schedule = (epoch: number) => number

/** The base rate throughout. */
export const constant =
  (base: number): Schedule =>
  () =>
    base

/** Half a cosine from `base` to 0 over `numEpochs`, moved every step (Loshchilov & Hutter 2017). */
export const cosine =
  (base: number, numEpochs: number): Schedule =>
  (epoch) =>
    0.5 * base * (1 + Math.cos((Math.PI * Math.min(epoch, numEpochs)) / numEpochs))

/** Multiplied by `factor` at each milestone (MoCo v1: 0.1 at epochs 120 and 160). */
export const step =
  (base: number, milestones: ReadonlyArray<number>, factor: number): Schedule =>
  (epoch) =>
    base * factor ** milestones.filter((milestone) => epoch >= milestone).length

/** The learning rate of every step. */
export class LearningRate extends Context.Service<LearningRate, { readonly at: Schedule }>()(
  "@moco/train/LearningRate"
) {
  /** {@link constant} */
  static readonly layerConstant = (base: number) => checkedLayer(constant(base), baseNeed(base))

  /** {@link cosine} */
  static readonly layerCosine = (base: number, numEpochs: number) =>
    checkedLayer(
      cosine(base, numEpochs),
      baseNeed(base),
      Stage.count("numEpochs", numEpochs, "epochs of the whole run")
    )

  /** {@link step} */
  static readonly layerStep = (base: number, milestones: ReadonlyArray<number>, factor: number) =>
    checkedLayer(
      step(base, milestones, factor),
      baseNeed(base),
      ...milestones.map((milestone, i) =>
        Stage.count(`milestones[${i}]`, milestone, "an epoch, from which on the rate is smaller")
      ),
      Stage.positive("factor", factor, "what the rate is multiplied by at a milestone: 0.1 is usual"),
      Stage.fraction("factor", factor, "what the rate is multiplied by at a milestone: 0.1 is usual")
    )
}

const baseNeed = (base: number) =>
  Stage.notNegative("base", base, "size of a step at the start: 0.03 to 0.06 is usual")

const checkedLayer = (at: Schedule, ...needs: ReadonlyArray<Stage.Need>) =>
  Layer.effect(LearningRate, Effect.as(Stage.check("LearningRate", ...needs), LearningRate.of({ at })))
