import { Collective } from "@moco/core/Collective"
import { ContrastiveLoss, stateOf } from "@moco/core/ContrastiveLoss"
import { Dictionary } from "@moco/core/Dictionary"
import { QueryEncoder } from "@moco/core/Encoder"
import { valueAndGradients } from "@moco/core/Gradient"
import type { LossNumbers } from "@moco/core/LossState"
import * as Tensor from "@moco/core/Tensor"
import { ViewPairs } from "@moco/data/ViewPairs"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import { type Closest, Diagnostics } from "./Diagnostics.ts"
import { LearningRate } from "./LearningRate.ts"
import * as NextState from "./NextState.ts"
import { Optimizer } from "./Optimizer.ts"

/** The span of a step; inside it every stage has one, named after its operation. */
export const stepSpan = "PretrainStep"

/**
 * One step of Momentum Contrast: the stages in their order.
 *
 * Everything up to the last line works on new tensors that the step's lease owns. The commit then replaces all
 * state at one point, so a failure or an interruption anywhere before leaves the old state whole.
 */
export const pretrainStep = Effect.gen(function* () {
  const viewPairs = yield* ViewPairs
  const query = yield* QueryEncoder
  const dictionary = yield* Dictionary
  const loss = yield* ContrastiveLoss
  const optimizer = yield* Optimizer
  const learningRate = yield* LearningRate
  const diagnostics = yield* Diagnostics
  const collective = yield* Collective
  const lossState = stateOf(loss)

  return Effect.fnUntraced(
    function* (step: number, rateFactor = 1) {
      // The images may have to be waited for. Nothing has been done yet, so this can be interrupted.
      const batch = yield* Effect.interruptible(reading(viewPairs.batch(step)))
      const lease = yield* Tensor.lease
      const rate = rateFactor * learningRate.at(step / viewPairs.stepsPerEpoch)

      // Two random views of every image of the batch.
      const { viewK_NHWC, viewQ_NHWC } = yield* lease.run("ViewPairs.batch", batch.views)
      const directions = loss.directions(viewQ_NHWC, viewK_NHWC)

      // Without gradient. Queue: the key encoder moves, keys are encoded, negatives are borrowed.
      const prepared = yield* lease.run("Dictionary.prepare", () =>
        dictionary.prepare({ step, indices: batch.indices, directions }, lease)
      )

      // With gradient: queries, their similarities to positive and negatives, the loss.
      const trained = { ...query.parameters.get(), ...dictionary.trained() }
      let statistics = query.statistics.get()
      const closest: Array<Closest> = []
      const observations: Array<LossNumbers> = []
      const queries_ND: Array<tf.Tensor2D> = []
      const objective = (parameters: Tensor.NamedTensors) =>
        directions
          .map(({ query_NHWC }, direction) => {
            const encoded = query.network.train({ parameters, statistics }, query_NHWC, lease.keep)
            statistics = encoded.statistics
            queries_ND[direction] = lease.keep(encoded.feature_ND)
            const similarities = prepared.similarities(encoded.feature_ND, direction, parameters)
            const { closest_N1, mean, observation } = loss.compare(similarities, lease.keep)
            if (observation !== undefined) observations.push(observation)
            closest[direction] = { positive_N1: lease.keep(similarities.positive_N1), closest_N1 }
            return mean
          })
          .reduce((sum, next) => tf.add(sum, next))
      const { gradients, value } = yield* lease.run("PretrainStep.gradient", () => {
        const own = valueAndGradients(objective, trained)
        return { value: own.value, gradients: collective.allReduceMean(own.gradients) }
      })

      const update = yield* lease.run("Optimizer.prepare", () =>
        optimizer.prepare(trained, gradients, rate, lease)
      )
      const numbers = yield* diagnostics.measure({
        step,
        rate,
        value,
        closest,
        queries_ND,
        gradients,
        parameters: trained,
        statistics
      })
      const settled = yield* lease.run("Dictionary.settle", () =>
        prepared.settle({ queries_ND, parameters: update.parameters })
      )
      const settledLoss = yield* lease.run("ContrastiveLoss.settle", () =>
        lossState.settle(observations, dictionary.fill())
      )
      const { moments, parameters } = update
      const { entering } = settled
      const next = { statistics, parameters, moments, entering, queries_ND, loss: settledLoss.numbers }
      yield* NextState.requireFinite({ step, rate }, next)

      // The one point where the run's state changes.
      query.parameters.replace(lease.handOver(sameNames(query.parameters.get(), update.parameters)))
      query.statistics.replace(lease.handOver(statistics))
      update.commit()
      settled.commit()
      settledLoss.commit()
      return { ...numbers, lossState: settledLoss.numbers }
    },
    Effect.scoped,
    Effect.uninterruptible,
    Effect.withSpan(stepSpan, (step: number) => ({ attributes: { step } }), { captureStackTrace: false })
  )
})

const reading = Effect.withSpan("ViewPairs.read", undefined, { captureStackTrace: false })

/** Of `next`, what `current` has. */
const sameNames = (current: Tensor.NamedTensors, next: Tensor.NamedTensors): Tensor.NamedTensors =>
  Object.fromEntries(Object.keys(current).map((name) => [name, next[name]!]))
