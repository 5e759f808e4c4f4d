import { positiveUpTo, upTo } from "@moco/core/Setting"
import * as Stage from "@moco/core/Stage"
import { Context, Effect, Layer, Schema } from "effect"
import { most } from "./RunConfig/bounds.ts"

const rising = Schema.makeFilter(
  (values: ReadonlyArray<number>) =>
    values.every((value, i) => i === 0 || value > values[i - 1]!) || "must rise from one to the next"
)

/** What a config says of how the learning rate changes over the run; told apart by `kind`. */
export const ScheduleSettings = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("cosine") }),
  Schema.Struct({
    kind: Schema.Literal("step"),
    milestones: Schema.Array(upTo(most.epochs))
      .check(Schema.isMinLength(1), Schema.isMaxLength(1000), rising)
      .annotate({
        description: "epochs at which the learning rate is multiplied by factor, rising",
        unit: "epochs"
      }),
    factor: positiveUpTo(1).annotate({
      description: "what the learning rate is multiplied by at a milestone, e.g. 0.1",
      unit: "unitless"
    })
  }),
  Schema.Struct({ kind: Schema.Literal("constant") })
]).annotate({
  description:
    "how the learning rate changes over the run; cosine moves it in every step, the authors' code once an epoch"
})
export type ScheduleSettings = typeof ScheduleSettings.Type

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

/** The schedule that is named, as a function. */
export const scheduleOf = (settings: ScheduleSettings, base: number, numEpochs: number): Schedule => {
  switch (settings.kind) {
    case "constant":
      return constant(base)
    case "cosine":
      return cosine(base, numEpochs)
    case "step":
      return step(base, settings.milestones, settings.factor)
  }
}

/** The schedule that is named. */
export const layerOf = (settings: ScheduleSettings, base: number, numEpochs: number) => {
  switch (settings.kind) {
    case "constant":
      return LearningRate.layerConstant(base)
    case "cosine":
      return LearningRate.layerCosine(base, numEpochs)
    case "step":
      return LearningRate.layerStep(base, settings.milestones, settings.factor)
  }
}

const baseNeed = (base: number) =>
  Stage.notNegative("base", base, "size of a step at the start: 0.03 to 0.06 is usual")

const checkedLayer = (at: Schedule, ...needs: ReadonlyArray<Stage.Need>) =>
  Layer.effect(LearningRate, Effect.as(Stage.check("LearningRate", ...needs), LearningRate.of({ at })))
