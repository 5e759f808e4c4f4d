import * as Embedding from "@moco/evaluation/Embedding"
import { applies, type Evaluation } from "@moco/evaluation/Evaluation"
import { measure } from "@moco/evaluation/Evaluation/measure"
import { Evaluations } from "@moco/evaluation/Evaluations"
import { find, isBetter, type Measurement, primary, withNewer } from "@moco/evaluation/Measurement"
import { type Baseline, baselines, trained, trainedEncoder } from "@moco/evaluation/subjects"
import { Duration, Effect } from "effect"
import type { RunProgress } from "../Checkpoint/manifest.ts"
import { NonFinite } from "../Diagnostics.ts"
import { LearningRate } from "../LearningRate.ts"
import { RunLog } from "../RunLog.ts"
import { epochOf, saving, type TrainerState } from "./TrainerState.ts"

type OneEvaluation = Evaluation["Service"]

/**
 * Evaluates the encoder by each evaluation that is due and was not done yet, and the baselines before its first time:
 * to evaluate them before the first step would only keep who started the run from seeing it train.
 * A state that is due on disk is there before it is evaluated, for that may take minutes, and may fail.
 */
export const evaluating = Effect.fnUntraced(function* (trainer: TrainerState) {
  const encoder = yield* trained
  const evaluations = yield* Evaluations
  const all = yield* baselines
  const runLog = yield* RunLog
  const learningRate = yield* LearningRate
  const save = yield* saving(trainer)
  const decisive = primary(
    evaluations.flatMap((evaluation) => (applies(evaluation, encoder) ? evaluation.metrics : []))
  )

  // It may take minutes and can be stopped, and is then done again; what is logged is counted too.
  const evaluate = Effect.fnUntraced(function* (evaluation: OneEvaluation, embedding: Embedding.Embedding) {
    const [took, measurements] = yield* Effect.timed(measure(evaluation, embedding))
    const elapsed = Duration.toSeconds(took)
    const isTrained = embedding.subject === trainedEncoder
    const at = isTrained ? { step: trainer.progress.step, epoch: epochOf(trainer) } : untrained
    // What it does not apply to is done with it, and nothing was found out.
    if (applies(evaluation, embedding)) {
      yield* runLog.record({ event: "evaluation", ...at, measurements, seconds: elapsed })
    }
    const { progress } = trainer
    trainer.progress = {
      ...progress,
      evaluationSeconds: progress.evaluationSeconds + elapsed,
      measurements: withNewer(progress.measurements, measurements),
      ...(isTrained
        ? {
            evaluatedAt: { ...progress.evaluatedAt, [evaluation.name]: progress.step },
            ...bestOf(measurements)
          }
        : {})
    }
  })

  /** The best state so far, where the one that was just measured is. */
  const bestOf = (measurements: ReadonlyArray<Measurement>): Pick<RunProgress, "best"> => {
    if (decisive === undefined) return {}
    const { evaluation, metric } = decisive
    const now = find(measurements, { subject: trainedEncoder, metric })
    if (now === undefined || decisive.higherIsBetter === null) return {}
    const { best, step } = trainer.progress
    const isBest = best?.metric !== metric || isBetter(decisive, now.value, best.value)
    return isBest ? { best: { step, evaluation, metric, value: now.value } } : {}
  }

  const notEvaluated = (value: string) => {
    const { rateFactor, step } = trainer.progress
    const rate = rateFactor * learningRate.at(step / trainer.stepsPerEpoch)
    const metric = encoder.representation
    return new NonFinite({ step, found: "evaluation", metric, where: [], value, learningRate: rate })
  }

  /** By all of them in turn: what one of them has made of the images is there for the others. */
  const evaluateBy = Effect.fnUntraced(function* (
    some: ReadonlyArray<OneEvaluation>,
    subject: Embedding.Subject
  ) {
    const embedding = yield* Embedding.open(subject)
    for (const evaluation of some) yield* evaluate(evaluation, embedding)
  }, Effect.scoped)

  const evaluateBaseline = Effect.fnUntraced(function* (
    due: ReadonlyArray<OneEvaluation>,
    baseline: Baseline
  ) {
    const left = due.filter(
      ({ name }) =>
        !trainer.progress.measurements.some(
          ({ evaluation, subject }) => evaluation === name && subject === baseline.subject
        )
    )
    if (left.length > 0) yield* evaluateBy(left, yield* baseline.make)
  }, Effect.scoped)

  const isDue = ({ everyEpochs, name }: OneEvaluation) => {
    const { numSteps, stepsPerEpoch } = trainer
    const { evaluatedAt, step } = trainer.progress
    const isTime = step === numSteps || step % (everyEpochs * stepsPerEpoch) === 0
    return isTime && step !== (evaluatedAt[name] ?? 0)
  }
  const whereDue = Effect.gen(function* () {
    const due = evaluations.filter(isDue)
    if (due.length === 0) return
    yield* save.beforeEvaluation
    for (const baseline of all) yield* evaluateBaseline(due, baseline)
    // Unlike the baselines, it has come to this by training: a run can go back from it.
    yield* Effect.catchTag(evaluateBy(due, encoder), "NonFiniteTensors", ({ value }) =>
      Effect.fail(notEvaluated(value))
    )
    yield* save.afterEvaluation
  })
  return { whereDue }
})

/** Where a run begins: what the baselines are measured at, whenever they are. */
const untrained = { step: 0, epoch: 0 }
