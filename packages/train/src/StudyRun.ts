import { Cause, Effect, Exit } from "effect"
import { StudyProgress } from "./Study/StudyProgress.ts"
import { TrialExecutor, type TrialImpossible } from "./Study/TrialExecutor.ts"
import type { TrialRecord } from "./Study/TrialRecord.ts"
import type { Study, Trial } from "./Study.ts"
import { StudyRecord, type StudyRecordError } from "./StudyRecord.ts"

/**
 * Runs every trial of a study that the record does not have yet, `concurrency` at a time.
 *
 * A trial that has ended is recorded before the next begins in its place, so a study that is stopped, even by a kill,
 * goes on with what is left. A run that failed for a reason of its setting counts as ended, one that failed for
 * another reason (memory, disk, a signal, a bug) is tried again when the study is started again. Interruptible while
 * trials run; what could not be recorded or saved then is part of the cause that it ends with.
 */
export const runStudy = Effect.fn("runStudy")(function* (study: Study, concurrency: number) {
  const record = yield* StudyRecord
  const executor = yield* TrialExecutor
  const { observe } = yield* StudyProgress
  const known = new Map((yield* record.all).map((ended) => [ended.trial, ended]))
  const over = new Set([...known.values()].filter(isOver).map(({ trial }) => trial))
  const isLeft = ({ id }: Trial) => !over.has(id)
  const ended = study.trials.flatMap(({ id }) => known.get(id) ?? []).filter(isOver)
  yield* observe({ event: "opened", trials: study.trials, ended })
  /** What failed in fibers that were interrupted meanwhile: nobody else hears of it. */
  const failures: Array<Cause.Cause<TrialImpossible | StudyRecordError>> = []
  const note = <A>(exit: Exit.Exit<A, TrialImpossible | StudyRecordError>) =>
    Effect.sync(() => {
      if (Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause)) failures.push(exit.cause)
    })
  const runTrial = Effect.fnUntraced(
    function* (trial: Trial) {
      yield* observe({ event: "started", trial })
      const outcome = yield* executor.run(trial, (progress) =>
        observe({ event: "advanced", trial, progress })
      )
      yield* record.append(outcome)
      yield* observe({ event: "ended", trial, record: outcome })
    },
    Effect.onExit(note),
    Effect.uninterruptible
  )
  yield* Effect.forEach(study.trials.filter(isLeft), runTrial, { concurrency, discard: true }).pipe(
    Effect.interruptible,
    Effect.onInterrupt(() =>
      failures.length === 0 ? none : Effect.failCause(failures.reduce(Cause.combine))
    )
  )
  return yield* record.all
}, Effect.uninterruptible)

const none: Effect.Effect<void, TrialImpossible | StudyRecordError> = Effect.void

/** Whether a trial has a result that a repetition would only give again. */
export const isOver = (record: TrialRecord): boolean => record.outcome === "completed" || record.isFinal
