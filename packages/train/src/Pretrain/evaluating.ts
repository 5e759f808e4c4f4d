import type { Evaluation } from "@moco/evaluation/Evaluation"
import { measure } from "@moco/evaluation/Evaluation/measure"
import { Evaluations } from "@moco/evaluation/Evaluations"
import { find, isBetter, type Measurement, primary, withNewer } from "@moco/evaluation/Measurement"
import { baselines, type Subject, trained, trainedEncoder } from "@moco/evaluation/subjects"
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
  const decisive = primary(evaluations.flatMap(({ metrics }) => metrics))

  // It may take minutes and can be stopped, and is then done again; what is logged is counted too.
  const evaluate = Effect.fnUntraced(function* (evaluation: OneEvaluation, subject: Subject) {
    const [took, measurements] = yield* Effect.timed(measure(evaluation, subject))
    const elapsed = Duration.toSeconds(took)
    const isTrained = subject.subject === trainedEncoder
    const at = isTrained ? { step: trainer.progress.step, epoch: epochOf(trainer) } : untrained
    yield* runLog.record({ event: "evaluation", ...at, measurements, seconds: elapsed })
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

  const evaluateBaselines = Effect.fnUntraced(function* (evaluation: OneEvaluation) {
    for (const { represent, representation, subject } of all) {
      const isDone = trainer.progress.measurements.some(
        (measurement) => measurement.evaluation === evaluation.name && measurement.subject === subject
      )
      if (isDone) continue
      const evaluated = Effect.flatMap(represent, (represent) =>
        evaluate(evaluation, { subject, representation, represent })
      )
      yield* Effect.scoped(evaluated)
    }
  })

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
    for (const evaluation of due) {
      yield* evaluateBaselines(evaluation)
      // Unlike the baselines, it has come to this by training: a run can go back from it.
      yield* Effect.catchTag(evaluate(evaluation, encoder), "NonFiniteTensors", ({ value }) =>
        Effect.fail(notEvaluated(value))
      )
    }
    yield* save.afterEvaluation
  })
  return { whereDue }
})

/** Where a run begins: what the baselines are measured at, whenever they are. */
const untrained = { step: 0, epoch: 0 }
