import { Cause, Effect, Exit } from "effect"
import { NonFinite } from "./Diagnostics.ts"
import { evaluating } from "./Pretrain/evaluating.ts"
import { goingBack } from "./Pretrain/goingBack.ts"
import type { PretrainResult, PretrainSettings } from "./Pretrain/settings.ts"
import { stepping } from "./Pretrain/stepping.ts"
import { catchUp, epochOf, saving, trainerStateOf } from "./Pretrain/TrainerState.ts"
import { RunLog } from "./RunLog.ts"

export type { PretrainResult, PretrainSettings } from "./Pretrain/settings.ts"

/**
 * Trains the query encoder and evaluates it, with the baselines beside it.
 *
 * Interruptible between two steps and within an evaluation, and nowhere else: whatever a step has begun is finished or
 * left out as a whole. However the run ends, the newest state is saved, and what cannot be saved is part of the cause it
 * ends with. A run that continues from a checkpoint takes the same steps to the bit as one that was never stopped.
 *
 * **Gotchas** Effect drops what fails in an interrupted fiber where a handler of errors would be skipped for it. A
 * handler of this effect's errors, such as `catchTag`, belongs where its caller is uninterruptible.
 */
export const pretrain = Effect.fn("pretrain")(function* (settings: PretrainSettings) {
  const runLog = yield* RunLog
  const trainer = yield* trainerStateOf(settings)
  const evaluate = yield* evaluating(trainer)
  const save = yield* saving(trainer)
  const goBack = yield* goingBack(trainer)
  const takeStep = Effect.catchTag(yield* stepping(trainer), "NonFinite", goBack)
  const evaluateWhereDue = Effect.catchTag(evaluate.whereDue, "NonFinite", goBack)

  const finished = (outcome: "completed" | "interrupted") =>
    Effect.suspend(() => {
      const { evaluationSeconds, step, trainingSeconds } = trainer.progress
      const epoch = epochOf(trainer)
      return runLog.record({ event: "finished", step, epoch, outcome, trainingSeconds, evaluationSeconds })
    })

  const run = Effect.gen(function* () {
    yield* catchUp(trainer)
    if (settings.from !== undefined) yield* runLog.record({ event: "resumed", step: trainer.progress.step })
    // What was due when the run was stopped comes first.
    yield* evaluateWhereDue
    while (trainer.progress.step < trainer.numSteps) {
      yield* takeStep
      // Lets signals and timers in: synchronous steps starve them.
      yield* Effect.interruptible(Effect.yieldNow)
      yield* save.whereDue
      yield* evaluateWhereDue
    }
    // In this order: what is said to be finished must be on disk.
    yield* save.now
    yield* finished("completed")
    const { evaluationSeconds, measurements, trainingSeconds } = trainer.progress
    const result: PretrainResult = {
      outcome: "completed",
      numSteps: trainer.numSteps,
      trainingSeconds,
      evaluationSeconds,
      measurements
    }
    return result
  })

  /** Tells how a run has ended that a number which is none has ended, and one that was stopped. */
  const told = (cause: Cause.Cause<unknown>) => {
    const nonFinite = nonFiniteIn(cause)
    const { step } = trainer.progress
    const epoch = epochOf(trainer)
    if (nonFinite !== undefined) {
      return runLog.record({ event: "diverged", step, epoch, reason: nonFinite.message })
    }
    return Cause.hasInterrupts(cause) ? finished("interrupted") : Effect.void
  }
  /** What is left to do for a run that does not reach its end; each part whether or not the other can be done. */
  const giveUp = (cause: Cause.Cause<unknown>) =>
    // Of a state that gives a number which is none, the step has decided whether it is worth saving.
    Effect.onExit(nonFiniteIn(cause) === undefined ? save.atAnyPrice : save.settled, () => told(cause))
  return yield* Effect.onExit(run, (exit) => (Exit.isFailure(exit) ? giveUp(exit.cause) : Effect.void))
}, Effect.uninterruptible)

const nonFiniteIn = ({ reasons }: Cause.Cause<unknown>): NonFinite | undefined =>
  reasons.flatMap((reason) =>
    Cause.isFailReason(reason) && reason.error instanceof NonFinite ? [reason.error] : []
  )[0]
