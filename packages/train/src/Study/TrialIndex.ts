import Database from "better-sqlite3"
import { Effect, FileSystem } from "effect"
import type { TrialRecord } from "./TrialRecord.ts"

/**
 * An index of trials for questions in SQL, e.g. by `sqlite3 trials.sqlite "select * from trials"`. It is made anew
 * from the record whenever a study is opened, so it may be deleted, and trouble with it stops no study.
 */
export interface StudyIndex {
  readonly put: (record: TrialRecord) => Effect.Effect<void>
}

const schema = `
  create table trials (
    trial text primary key, seed integer not null, settings text not null, outcome text not null,
    reason text, seconds real not null, run_folder text not null, time text not null
  );
  create table accuracies (
    trial text not null references trials, subject text not null, k integer not null, accuracy real not null,
    primary key (trial, subject, k)
  );
`

/** Makes the index at `path` from `records`; closed with the Scope. */
export const openIndex = Effect.fnUntraced(function* (path: string, records: ReadonlyArray<TrialRecord>) {
  const fileSystem = yield* FileSystem.FileSystem
  // Whatever is there, damaged or old: the record is the truth.
  for (const file of [path, `${path}-journal`, `${path}-wal`, `${path}-shm`]) {
    yield* Effect.ignore(fileSystem.remove(file, { force: true }))
  }
  return yield* Effect.acquireRelease(
    Effect.sync(() => attempt(() => new Database(path))),
    (database) => Effect.sync(() => attempt(() => database?.close()))
  ).pipe(
    Effect.map((database): StudyIndex => {
      const write = database && attempt(() => writer(database))
      const put = (record: TrialRecord) => attempt(() => write?.(record))
      attempt(() => database?.transaction(() => records.forEach(put))())
      return { put: (record) => Effect.sync(() => put(record)) }
    })
  )
})

const attempt = <A>(act: () => A): A | undefined => {
  try {
    return act()
  } catch {
    return undefined
  }
}

const writer = (database: Database.Database) => {
  database.exec(schema)
  const trial = database.prepare("insert or replace into trials values (?, ?, ?, ?, ?, ?, ?, ?)")
  const accuracy = database.prepare("insert or replace into accuracies values (?, ?, ?, ?)")
  return (record: TrialRecord) => {
    const reason = record.outcome === "failed" ? record.reason : null
    const { outcome, runFolder, seconds, seed, settings, time } = record
    trial.run(record.trial, seed, JSON.stringify(settings), outcome, reason, seconds, runFolder, time)
    if (record.outcome !== "completed") return
    for (const [subject, neighbours] of Object.entries(record.evaluations)) {
      for (const { accuracy: value, k } of neighbours) accuracy.run(record.trial, subject, k, value)
    }
  }
}
