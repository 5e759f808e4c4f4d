import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { KeyShuffle } from "@moco/core/KeyShuffle"
import { completedElsewhere } from "@moco/study/reuse"
import type { Study } from "@moco/study/Study"
import { StudyRecord } from "@moco/study/StudyRecord"
import * as FolderLock from "@moco/train/FolderLock"
import { self } from "@moco/train/ProcessIdentity"
import Database from "better-sqlite3"
import { Effect, FileSystem, Path } from "effect"
import { completed, failed, planned, study } from "./studyFixture.ts"

const [first, second, third] = study.trials as [Study["trials"][0], Study["trials"][0], Study["trials"][0]]

/** Gives `test` a new folder, and services of the platform. */
const inFolder = <E>(test: (folder: string) => Effect.Effect<void, E, NodeServices.NodeServices>) =>
  Effect.gen(function* () {
    const fileSystem = yield* FileSystem.FileSystem
    yield* test(yield* fileSystem.makeTempDirectoryScoped())
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

/** Opens the record of `of` in `folder` for as long as `use` takes. */
const opened = <A, E, R>(folder: string, use: Effect.Effect<A, E, R | StudyRecord>, of = study) =>
  Effect.provide(use, StudyRecord.layerFolder(folder, of))

const append = (...records: ReadonlyArray<ReturnType<typeof completed> | ReturnType<typeof failed>>) =>
  Effect.flatMap(StudyRecord, (record) => Effect.forEach(records, record.append, { discard: true }))

const all = Effect.flatMap(StudyRecord, (record) => record.all)

describe("StudyRecord", () => {
  it.effect("gives back what was added, also after it was closed and opened again", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const records = [completed(first, 0.75), failed(second, true)]
        yield* opened(folder, append(...records))
        assert.deepStrictEqual(yield* opened(folder, all), records)
      })
    )
  )

  it.effect("keeps the newest result of a trial that was repeated", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        yield* opened(folder, append(failed(first, false), completed(second, 0.7)))
        yield* opened(folder, append(completed(first, 0.8)))
        assert.deepStrictEqual(yield* opened(folder, all), [completed(first, 0.8), completed(second, 0.7)])
      })
    )
  )

  it.effect("leaves out a line that was torn off, and writes on behind the whole ones", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const fileSystem = yield* FileSystem.FileSystem
        const file = (yield* Path.Path).join(folder, "trials.jsonl")
        yield* opened(folder, append(completed(first, 0.75), completed(second, 0.7)))
        const text = yield* fileSystem.readFileString(file)
        yield* fileSystem.writeFileString(file, text.slice(0, -20))
        assert.deepStrictEqual(yield* opened(folder, all), [completed(first, 0.75)])
        yield* opened(folder, append(completed(third, 0.6)))
        assert.deepStrictEqual(yield* opened(folder, all), [completed(first, 0.75), completed(third, 0.6)])
      })
    )
  )

  it.effect("names the line that is no trial", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const fileSystem = yield* FileSystem.FileSystem
        const file = (yield* Path.Path).join(folder, "trials.jsonl")
        yield* opened(folder, append(completed(first, 0.75)))
        yield* fileSystem.writeFileString(file, "{}\n", { flag: "a" })
        const error = yield* Effect.flip(opened(folder, all))
        assert.strictEqual(error._tag, "StudyRecordCorrupt")
        assert.include(error.message, `${file}, line 2`)
      })
    )
  )

  it.effect("refuses the folder of another study and says what differs", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        yield* opened(folder, all)
        const other = yield* planned({ set: { "training.epochs": 3 } })
        const error = yield* Effect.flip(opened(folder, all, other))
        assert.strictEqual(error._tag, "StudyFolderOccupied")
        for (const word of [folder, 'set is {"training.epochs":2} there', '{"training.epochs":3} here']) {
          assert.include(error.message, word)
        }
      })
    )
  )

  it.effect("takes a definition whose keys stand in another order for the same", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const sets = { "training.epochs": 2, "optimizer.momentum": 0.8 }
        const reversed = Object.fromEntries(Object.entries(sets).reverse())
        yield* opened(folder, append(completed(first, 0.75)), yield* planned({ set: sets }))
        assert.strictEqual((yield* opened(folder, all, yield* planned({ set: reversed }))).length, 1)
      })
    )
  )

  it.effect("says what to do when the definition in the folder is damaged", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const fileSystem = yield* FileSystem.FileSystem
        const file = (yield* Path.Path).join(folder, "study.json")
        yield* opened(folder, append(completed(first, 0.75)))
        yield* fileSystem.writeFileString(file, "")
        const error = yield* Effect.flip(opened(folder, all))
        assert.strictEqual(error._tag, "StudyDefinitionDamaged")
        assert.include(error.message, `${file} is damaged`)
        yield* fileSystem.remove(file)
        assert.strictEqual((yield* opened(folder, all)).length, 1)
      })
    )
  )

  it.effect("takes the same study with more seeds, and keeps what it has", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        yield* opened(folder, append(completed(first, 0.75)))
        const more = yield* planned({ seeds: [1, 2, 3] })
        assert.deepStrictEqual(yield* opened(folder, all, more), [completed(first, 0.75)])
      })
    )
  )

  it.live("refuses a second process, and takes over a lock whose owner is gone", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const fileSystem = yield* FileSystem.FileSystem
        const file = (yield* Path.Path).join(folder, "study.lock")
        const error = yield* opened(folder, Effect.flip(opened(folder, all)))
        assert.strictEqual(error._tag, "FolderLocked")
        assert.include(error.message, `process ${process.pid}`)
        assert.isFalse(yield* fileSystem.exists(file))
        // This process is alive, but it did not start then.
        const owner = { ...(yield* self), start: "1", id: "0123456789abcdef" }
        const lock = JSON.stringify({ ...owner, folder: { path: folder, inode: "1" } })
        for (const text of [lock, "half a lo"]) {
          yield* fileSystem.writeFileString(file, text)
          assert.deepStrictEqual(yield* opened(folder, all), [])
        }
      }).pipe(Effect.provideService(FolderLock.Heartbeat, { every: "100 millis", missedFor: "500 millis" }))
    )
  )

  it.effect("indexes its trials for SQL, and makes the index anew when it was lost or damaged", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const fileSystem = yield* FileSystem.FileSystem
        const file = (yield* Path.Path).join(folder, "trials.sqlite")
        const rows = (sql: string) =>
          Effect.sync(() => {
            const database = new Database(file, { readonly: true })
            const found = database.prepare(sql).all()
            database.close()
            return found
          })
        yield* opened(folder, append(completed(first, 0.75), failed(second, true)))
        const query =
          "select value from trials join measurements using (trial) where subject = 'trained encoder' and metric = 'kNN accuracy (k = 200)'"
        assert.deepStrictEqual(yield* rows(query), [{ value: 0.75 }])
        yield* fileSystem.remove(file)
        yield* opened(folder, all)
        assert.deepStrictEqual(yield* rows(query), [{ value: 0.75 }])
        assert.deepStrictEqual(yield* rows("select reason from trials where outcome = 'failed'"), [
          { reason: "loss is NaN in step 7" }
        ])
        yield* fileSystem.writeFileString(
          file,
          "not a database, though it is long enough to be taken for one"
        )
        yield* opened(folder, append(completed(third, 0.5)))
        assert.deepStrictEqual((yield* opened(folder, all)).length, 3)
        assert.deepStrictEqual(yield* rows("select count(*) as n from trials"), [{ n: 3 }])
      })
    )
  )

  it.effect("takes over runs that another study has completed, and no others", () =>
    inFolder((folder) =>
      Effect.gen(function* () {
        const path = yield* Path.Path
        const [theirs, ours] = [path.join(folder, "theirs"), path.join(folder, "ours")]
        const smaller = yield* planned({ axes: [{ setting: "dictionary.size", values: [128, 999] }] })
        const [shared, foreign] = smaller.trials as [Study["trials"][0], Study["trials"][0]]
        yield* opened(theirs, append(completed(shared, 0.75), completed(foreign, 0.7)), smaller)
        const other = yield* planned({
          axes: [
            { setting: "momentum.m", values: [0.99] },
            { setting: "dictionary.size", values: [128, 256] }
          ]
        })
        const found = yield* completedElsewhere(other, theirs, ours)
        assert.deepStrictEqual(
          found.map(({ trial }) => trial),
          [shared.id]
        )
        assert.strictEqual(found[0]!.runFolder, path.join("..", "theirs", "runs", `${shared.id}-1`))
        // Of a stage given in code nothing is known but its name.
        const own = {
          ...other,
          trials: other.trials.map((trial) => ({ ...trial, stages: { keyShuffle: KeyShuffle.layerNone } }))
        }
        assert.isEmpty(yield* completedElsewhere(own, theirs, ours))
      })
    )
  )
})
