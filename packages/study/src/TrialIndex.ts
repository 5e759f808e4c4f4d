import * as SafeFile from "@moco/core/SafeFile"
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
  create table measurements (
    trial text not null references trials, subject text not null, evaluation text not null, metric text not null,
    value real, unit text not null, primary key (trial, subject, metric)
  );
`

/**
 * Makes the index at `path` from `records`. It is kept in memory and written as a whole after every change, so that no
 * file of SQLite's own (`-journal`, `-wal`) lies beside it, and whoever looks always finds a whole one.
 */
export const openIndex = Effect.fnUntraced(function* (path: string, records: ReadonlyArray<TrialRecord>) {
  const fileSystem = yield* FileSystem.FileSystem
  const database = yield* Effect.acquireRelease(
    Effect.sync(() => attempt(() => new Database(":memory:"))),
    (database) => Effect.sync(() => attempt(() => database?.close()))
  )
  const insert = database && attempt(() => writer(database))
  const save = Effect.suspend(() => {
    const bytes = attempt(() => database?.serialize())
    return bytes === undefined ? Effect.void : SafeFile.replace(path, bytes)
  }).pipe(Effect.ignore, Effect.provideService(FileSystem.FileSystem, fileSystem))
  const put = (record: TrialRecord) => attempt(() => insert?.(record))
  attempt(() => database?.transaction(() => records.forEach(put))())
  yield* save
  const index: StudyIndex = {
    put: (record) =>
      Effect.andThen(
        Effect.sync(() => put(record)),
        save
      )
  }
  return index
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
  const measurement = database.prepare("insert or replace into measurements values (?, ?, ?, ?, ?, ?)")
  return (record: TrialRecord) => {
    const reason = record.outcome === "failed" ? record.reason : null
    const { outcome, runFolder, seconds, seed, settings, time } = record
    trial.run(record.trial, seed, JSON.stringify(settings), outcome, reason, seconds, runFolder, time)
    if (record.outcome !== "completed") return
    for (const { evaluation, metric, subject, unit, value } of record.measurements) {
      measurement.run(record.trial, subject, evaluation, metric, value, unit)
    }
  }
}
