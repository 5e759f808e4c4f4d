import { Collective } from "@moco/core/Collective"
import { ContrastiveLoss } from "@moco/core/ContrastiveLoss"
import { Dictionary } from "@moco/core/Dictionary"
import { firstOf, nonFinite } from "@moco/core/Finite"
import { euclideanNorm } from "@moco/core/Parameters"
import * as Tensor from "@moco/core/Tensor"
import * as tf from "@tensorflow/tfjs-core"
import { Context, Effect, Layer, Schema } from "effect"
import type { StepMetricName, StepMetrics } from "./stepMetrics.ts"

/** What a step tells about itself. */
export interface StepDiagnostics {
  readonly step: number
  /** Images in the batch (each seen in two views). */
  readonly numImages: number
  /** Described in `stepMetrics.ts`. */
  readonly metrics: StepMetrics & Readonly<Record<Decisive, number>>
}

/** Numbers that decide whether a step is applied: a run stops where one is not finite. */
const decisive = ["loss", "featureStd", "gradientNorm"] as const satisfies ReadonlyArray<StepMetricName>
type Decisive = (typeof decisive)[number]

/** A number that decides the run is not finite; the step that made it was not committed. */
export class NonFinite extends Schema.TaggedError<NonFinite>()("NonFinite", {
  step: Schema.Int,
  /** By what: by the step itself, or by the evaluation of the state after so many steps. */
  found: Schema.Literals(["step", "evaluation"]).pipe(
    Schema.withConstructorDefault(Effect.succeed("step" as const))
  ),
  metric: Schema.String,
  /** The tensors that are not finite, by name, beginning with the one where it began; empty where only the metric is. */
  where: Schema.Array(Schema.String),
  value: Schema.String,
  learningRate: Schema.Finite,
  /** How often the run has gone back before it gave up; absent where it was not to. */
  rollbacks: Schema.optionalKey(Schema.Int)
}) {
  override get message() {
    const where = this.where.length === 0 ? "" : ` at ${firstOf(this.where)}`
    const [when, outcome] =
      this.found === "evaluation"
        ? [`after ${this.step} steps`, "it was not evaluated"]
        : [`in step ${this.step}`, "the step was not applied"]
    const what = `${this.metric} is ${this.value}${where} ${when} (learning rate ${this.learningRate})`
    return `${what}; ${outcome}\n  ${this.hint}`
  }

  private get hint() {
    if (this.rollbacks !== undefined) {
      const tried = `going back ${this.rollbacks} times, at lower and lower rates, did not help`
      return `${tried}: look at the images, raise loss.temperature, or start anew with a lower optimizer.learningRate`
    }
    const lower = `--resume=RUN --set optimizer.learningRate=${Number((this.learningRate / 2).toPrecision(2))}`
    return `go on from an earlier state by itself with --resume=RUN --on-nan=rollback, or at a rate of yours with ${lower}`
  }
}

/** Similarities of one direction's queries to their own keys and to their closest negatives. */
export interface Closest {
  readonly positive_N1: tf.Tensor2D
  readonly closest_N1: tf.Tensor2D
}

/** What of a step is measured. */
export interface Observed {
  readonly step: number
  readonly rate: number
  readonly value: tf.Scalar
  /** By direction. */
  readonly closest: ReadonlyArray<Closest>
  readonly queries_ND: ReadonlyArray<tf.Tensor2D>
  /** By parameter name, in the order of the network. */
  readonly gradients: Tensor.NamedTensors
  /** What the queries were encoded with. */
  readonly parameters: Tensor.NamedTensors
  /** Running statistics after the batch. */
  readonly statistics: Tensor.NamedTensors
}

/** Measures a step before it is committed. */
export class Diagnostics extends Context.Service<
  Diagnostics,
  {
    /** The step's numbers; fails when they are not finite, and the step is then not applied. */
    readonly measure: (observed: Observed) => Effect.Effect<StepDiagnostics, NonFinite | Tensor.TensorError>
  }
>()("@moco/train/Diagnostics") {
  static readonly layer = Layer.effect(
    Diagnostics,
    Effect.gen(function* () {
      const { total } = yield* Collective
      const dictionary = yield* Dictionary
      const loss = yield* ContrastiveLoss
      const measure = Effect.fnUntraced(function* (observed: Observed) {
        const { rate, step } = observed
        const numbers = yield* Tensor.run("Diagnostics.measure", () =>
          withExactNorm(observed, numbersOf(observed))
        )
        for (const metric of decisive) {
          const value = numbers[metric]
          if (Number.isFinite(value)) continue
          const where = yield* Tensor.run("Diagnostics.measure", () => originOf(metric, observed))
          return yield* new NonFinite({ step, metric, where, value: String(value), learningRate: rate })
        }
        const encoderDistance = yield* Tensor.run("Dictionary.encoderDistance", dictionary.encoderDistance)
        return {
          step,
          numImages: total(observed.queries_ND[0]!.shape[0]),
          metrics: {
            ...numbers,
            chanceLoss: observed.closest.length * loss.chance(dictionary.numNegatives),
            dictionaryFill: dictionary.fill(),
            learningRate: rate,
            ...(encoderDistance === undefined ? {} : { encoderDistance })
          }
        }
      })
      return Diagnostics.of({ measure })
    })
  )
}

/** All numbers in one read from the backend. */
const numbersOf = ({ closest, gradients, queries_ND, value }: Observed) => {
  const norm = euclideanNorm(gradients)
  const accuracy = tf.mean(tf.stack(closest.map(pretextAccuracy)))
  const std = tf.mean(tf.stack(queries_ND.map(featureStd)))
  const numbers = tf.stack([value, accuracy, std, norm]).dataSync()
  return {
    loss: numbers[0]!,
    pretextAccuracy: numbers[1]!,
    featureStd: numbers[2]!,
    gradientNorm: numbers[3]!
  }
}

/** A norm may be too large for single precision where no gradient is: it is worked out in double precision then. */
const withExactNorm = ({ gradients }: Observed, numbers: ReturnType<typeof numbersOf>) => {
  if (Number.isFinite(numbers.gradientNorm)) return numbers
  const squares = Object.values(gradients).map((gradient) =>
    gradient.dataSync<"float32">().reduce((sum, value) => sum + value * value, 0)
  )
  return { ...numbers, gradientNorm: Math.sqrt(squares.reduce((sum, square) => sum + square, 0)) }
}

/**
 * The tensors that are not finite, beginning with the one where it began: a parameter, or the statistics of the first
 * layer that a batch has gone wrong in; a gradient begins at the last layer.
 */
const originOf = (
  metric: Decisive,
  { gradients, parameters, statistics }: Observed
): ReadonlyArray<string> =>
  metric === "gradientNorm"
    ? nonFinite(gradients).toReversed()
    : [...nonFinite(parameters), ...nonFinite(statistics)]

const pretextAccuracy = ({ closest_N1, positive_N1 }: Closest): tf.Scalar =>
  tf.mean(tf.cast(tf.greater(positive_N1, closest_N1), "float32"))

const featureStd = (query_ND: tf.Tensor2D): tf.Scalar => tf.mean(tf.sqrt(tf.moments(query_ND, 0).variance))
