import { upTo } from "@moco/core/Setting"
import type * as Stage from "@moco/core/Stage"
import type { TensorError } from "@moco/core/Tensor"
import type { ImageReadError } from "@moco/data/ImageSource"
import { Context, type Effect, type Layer, Schema } from "effect"
import type { Embedding, Subject } from "./Embedding.ts"
import type { Measurement, Metric } from "./Measurement.ts"

export type { Embedding, Represent } from "./Embedding.ts"

/** Measures a frozen representation, of the encoder that is trained or of anything else that gives a row an image. */
export class Evaluation extends Context.Service<
  Evaluation,
  {
    /** As the config and the log call it: `knn`. */
    readonly name: string
    /** Epochs between two evaluations; the end of a run is always one. */
    readonly everyEpochs: number
    /** What it measures, in order. */
    readonly metrics: ReadonlyArray<Metric>
    /** Whether it measures anything of a subject (default: of every one). Of another it gives no measurements. */
    readonly appliesTo?: (subject: Pick<Subject, "encoder">) => boolean
    /** One measurement for each of `metrics`, in their order. What the embedding throws, it fails with. */
    readonly evaluate: (
      embedding: Embedding
    ) => Effect.Effect<ReadonlyArray<Measurement>, TensorError | ImageReadError>
  }
>()("@moco/evaluation/Evaluation") {}

/** Whether an evaluation measures anything of a subject. */
export const applies = (
  { appliesTo }: Pick<Evaluation["Service"], "appliesTo">,
  subject: Pick<Subject, "encoder">
): boolean => appliesTo?.(subject) ?? true

/** Epochs between two evaluations, as every evaluation's settings have it. */
export const EveryEpochs = upTo(1_000_000).annotate({
  description: "epochs between evaluations; the end is always one",
  unit: "epochs"
})

/** Whose images a measurement looks at that needs no labels: those to evaluate on, or of training where there are no others. */
export type Looked = "evaluated" | "training"

/** Evaluated images that a measurement looks at, the first ones. */
export const NumImages = Schema.Int.check(Schema.isBetween({ minimum: 2, maximum: 1_000_000 })).annotate({
  description: "evaluated images that are looked at, at most",
  unit: "images"
})

/** What settings make of an evaluation, known before anything is loaded or built. */
export interface Configured<Trouble, Needs> {
  readonly name: string
  readonly metrics: ReadonlyArray<Metric>
  /** What it needs of its settings beside so many training images; `field` is the setting. */
  readonly needs: (numTraining: number) => ReadonlyArray<Stage.Need>
  readonly layer: Layer.Layer<Evaluation, Trouble, Needs>
  /** Whether it measures anything of the encoder that a run trains (default: it does). */
  readonly measuresTrained?: boolean
  /** Where it trains a copy of the network by backpropagation: what of the images is in its largest step. */
  readonly trainsCopy?: TrainsCopy
}

/** How many images there are in a step of a copy of the network, which a run must have the memory for. */
export interface TrainsCopy {
  readonly batchSize: number
  /** Of the training images that it is given, which are fewer than a batch where there are few. */
  readonly part: number
}

/** An evaluation that a config can name: its name there, its settings, and what a section that names it makes of it. */
export interface EvaluationKind<
  Name extends string,
  Settings extends Schema.Codec<{ readonly everyEpochs: number }, unknown>,
  Trouble,
  Needs
> {
  readonly name: Name
  readonly Settings: Settings
  /** None where the section leaves it out. */
  readonly configured: (
    section: {
      readonly [K in Name]?: Settings["Type"]
    }
  ) => ReadonlyArray<Configured<Trouble, Needs>>
}

/** A kind of evaluation, of what its settings make of it. */
export const evaluationKind = <
  Name extends string,
  Settings extends Schema.Codec<{ readonly everyEpochs: number }, unknown>,
  Trouble,
  Needs
>(kind: {
  readonly name: Name
  readonly Settings: Settings
  readonly configure: (settings: Settings["Type"]) => Omit<Configured<Trouble, Needs>, "name">
}): EvaluationKind<Name, Settings, Trouble, Needs> => ({
  name: kind.name,
  Settings: kind.Settings,
  configured: (section) => {
    const settings: Settings["Type"] | undefined = section[kind.name]
    return settings === undefined ? [] : [{ name: kind.name, ...kind.configure(settings) }]
  }
})
