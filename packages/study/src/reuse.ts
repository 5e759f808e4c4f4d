import { Effect, Path } from "effect"
import { ownNamesOf } from "./identity.ts"
import type { Study } from "./Study.ts"
import { readTrials } from "./StudyRecord.ts"
import type { TrialRecord } from "./TrialRecord.ts"

/**
 * Runs that another study has completed and that are runs of this one too: the same config gives the same run, so
 * they need not be repeated. Of stages that are given in code only the names are known, so runs with some are left out.
 *
 * @param from  the other study's folder;  @param folder  this study's, to which run folders are then relative
 */
export const completedElsewhere = Effect.fn("Study.completedElsewhere")(function* (
  study: Study,
  from: string,
  folder: string
) {
  const path = yield* Path.Path
  const known = study.trials.filter(({ stages }) => ownNamesOf(stages).length === 0)
  const wanted = new Map(known.map((trial) => [trial.id, trial]))
  const records = yield* readTrials(path.join(from, "trials.jsonl"))
  return records.flatMap((record): ReadonlyArray<TrialRecord> => {
    const trial = wanted.get(record.trial)
    if (record.outcome !== "completed" || trial === undefined) return []
    const runFolder = path.relative(folder, path.join(from, record.runFolder))
    return [{ ...record, settings: trial.settings, seed: trial.seed, runFolder }]
  })
})
