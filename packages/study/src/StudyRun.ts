import { Effect } from "effect"
import type { Study, Trial } from "./Study.ts"
import { StudyProgress } from "./StudyProgress.ts"
import { StudyRecord } from "./StudyRecord.ts"
import { TrialExecutor } from "./TrialExecutor.ts"
import type { TrialRecord } from "./TrialRecord.ts"

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
  const runTrial = Effect.fnUntraced(function* (trial: Trial) {
    yield* observe({ event: "started", trial })
    const outcome = yield* executor.run(trial, (progress) => observe({ event: "advanced", trial, progress }))
    yield* record.append(outcome)
    yield* observe({ event: "ended", trial, record: outcome })
  }, Effect.uninterruptible)
  // Of trials that are interrupted, what failed then is part of the cause.
  yield* Effect.interruptible(
    Effect.forEach(study.trials.filter(isLeft), runTrial, { concurrency, discard: true })
  )
  return yield* record.all
}, Effect.uninterruptible)

/** Whether a trial has a result that a repetition would only give again. */
export const isOver = (record: TrialRecord): boolean => record.outcome === "completed" || record.isFinal
