import type { Metric } from "@moco/evaluation/Measurement"

/** A number that every step tells about itself: what it means, and where it is shown. */
export interface StepMetric extends Metric {
  /** Its place in the live line; where there is no room for all, the least important goes first. */
  readonly live?: { readonly label: string; readonly importance: number; readonly isSmoothed?: boolean }
  /** Whether a study keeps and draws its mean over every epoch. */
  readonly isByEpoch?: boolean
  /** Metrics that are levels which this one is compared with, by what they are called beside it. */
  readonly levels?: Readonly<Record<string, string>>
}

/** What the metrics of a step are measured by. */
export const training = "training"

/** Every number that a step tells, by its key in the run log; a number that is added is described here and nowhere else. */
export const stepMetrics = {
  imagesPerSecond: {
    evaluation: training,
    metric: "speed",
    unit: "images/s",
    higherIsBetter: true,
    protocol: "images of the batch by the time of the step",
    live: { label: "", importance: 3, isSmoothed: true }
  },
  loss: {
    evaluation: training,
    metric: "loss",
    unit: "nats",
    higherIsBetter: false,
    protocol: "mean over the batch, the sum over directions",
    live: { label: "loss", importance: 5 },
    isByEpoch: true,
    levels: { chance: "chanceLoss" }
  },
  chanceLoss: {
    evaluation: training,
    metric: "loss at chance",
    unit: "nats",
    higherIsBetter: null,
    // With InfoNCE ln(K + 1) for each direction.
    protocol: "loss of features that know nothing"
  },
  dictionaryFill: {
    evaluation: training,
    metric: "dictionary fill",
    unit: "fraction",
    higherIsBetter: null,
    protocol: "part of the negatives that are features of real images",
    live: { label: "dictionary", importance: 0 }
  },
  pretextAccuracy: {
    evaluation: training,
    metric: "pretext accuracy",
    unit: "fraction",
    higherIsBetter: true,
    protocol:
      "part of the queries that are closer to their own key than to every negative; no class accuracy",
    isByEpoch: true
  },
  featureStd: {
    evaluation: training,
    metric: "feature spread",
    unit: "",
    higherIsBetter: null,
    protocol:
      "standard deviation of a feature's entries over the batch: 1/sqrt(D) when spread evenly, 0 when collapsed"
  },
  encoderDistance: {
    evaluation: training,
    metric: "encoder distance",
    unit: "",
    higherIsBetter: null,
    protocol: "distance between the two encoders relative to the query encoder's norm, where there are two"
  },
  gradientNorm: {
    evaluation: training,
    metric: "gradient norm",
    unit: "",
    higherIsBetter: null,
    protocol: "Euclidean norm of the gradient over all trained parameters"
  },
  learningRate: {
    evaluation: training,
    metric: "learning rate",
    unit: "",
    higherIsBetter: null,
    protocol: "what the gradient is multiplied by in this step"
  },
  numTensors: {
    evaluation: training,
    metric: "live tensors",
    unit: "tensors",
    higherIsBetter: null,
    protocol: "tensors alive after the step; must not grow"
  }
} as const satisfies Record<string, StepMetric>

/** The key of a step's number. */
export type StepMetricName = keyof typeof stepMetrics

/** Numbers of a step by key; where a mechanism has no such number, it is absent. */
export type StepMetrics = Readonly<Partial<Record<StepMetricName, number>>>

/** Every description, by key. */
export const allStepMetrics: Readonly<Record<string, StepMetric>> = stepMetrics
