import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { layerProcesses } from "@moco/study/TrialExecutor/processes"
import { Effect, Exit, Fiber, Schedule } from "effect"
import { dataset, inFolder as inFolderWith, ran } from "./oneTrial.ts"

/** In a folder, with this program in place of `moco`; `__FOLDER__` in it is the folder. */
const inFolder = (program: string, test: Parameters<typeof inFolderWith>[0]) =>
  inFolderWith(test, ({ folder }) => {
    const main = `${folder}/main.mjs`
    writeFileSync(main, program.replaceAll("__FOLDER__", folder))
    return layerProcesses({ main, folder, dataDir: undefined })
  })

/** Runs until it is asked to stop, and then ends with a code and some words. */
const untilStopped = (exitCode: number, words: string) => `
import { writeFileSync } from "node:fs"
process.on("SIGTERM", () => {
  console.error(${JSON.stringify(words)})
  process.exit(${exitCode})
})
setInterval(() => {}, 1000)
writeFileSync("__FOLDER__/started", process.argv.slice(2).join(" "))`

/** Stops the trial when its process runs. */
const stopped = Effect.fnUntraced(function* (folder: string) {
  const trial = yield* Effect.forkChild(ran(folder, {}))
  const isThere = Effect.sync(() => existsSync(`${folder}/started`))
  yield* Effect.repeat(isThere, { until: (started) => started, schedule: Schedule.spaced("25 millis") })
  yield* Fiber.interrupt(trial)
  return yield* Fiber.await(trial)
})

describe("a trial in a process", () => {
  it.live("is `moco train` of its config, in its folder", () =>
    inFolder(untilStopped(143, ""), (folder) =>
      Effect.gen(function* () {
        yield* stopped(folder)
        const [, id = ""] = /--out=\S*runs\/(\w+)/.exec(readFileSync(`${folder}/started`, "utf8")) ?? []
        const run = `${folder}/runs/${id}`
        assert.strictEqual(
          readFileSync(`${folder}/started`, "utf8"),
          `train --config=${run}.json --out=${run} --no-report`
        )
        assert.strictEqual(JSON.parse(readFileSync(`${run}.json`, "utf8")).training.epochs, 2)
      })
    )
  )

  it.live("that is stopped and has saved what it had is interrupted, and no more", () =>
    inFolder(untilStopped(143, "warning: stopped"), (folder) =>
      Effect.map(stopped(folder), (exit) => {
        assert.isTrue(Exit.hasInterrupts(exit) && !Exit.hasFails(exit) && !Exit.hasDies(exit))
      })
    )
  )

  it.live("that is stopped and could not save what it had says so", () =>
    inFolder(untilStopped(6, "error: no space is left on the device"), (folder) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(yield* stopped(folder))
        assert.strictEqual(error._tag, "StudyRecordError")
        assert.include(error.message, "no space is left on the device")
      })
    )
  )

  it.live("that was stopped by somebody else stops the study", () =>
    inFolder("process.exit(143)", (folder) =>
      Effect.map(Effect.exit(ran(folder, {})), (exit) => {
        assert.isTrue(Exit.hasInterrupts(exit) && !Exit.hasFails(exit))
      })
    )
  )

  it.live("stops the study where its config is wrong, and is a failure where it was killed", () =>
    Effect.gen(function* () {
      yield* inFolder("console.error('error: no such set'); process.exit(3)", (folder) =>
        Effect.map(Effect.flip(ran(folder, {})), (error) => {
          assert.strictEqual(error._tag, "TrialImpossible")
          assert.include(error.message, "no such set")
        })
      )
      yield* inFolder("process.kill(process.pid, 'SIGKILL')", (folder) =>
        Effect.map(ran(folder, {}), ({ record }) => {
          assert.deepInclude(record, { outcome: "failed", exitCode: 137, isFinal: false })
          assert.include(JSON.stringify(record), "SIGKILL, as the system does where memory runs out")
        })
      )
    })
  )

  it.live("cannot have stages that are given in code", () =>
    inFolder("process.exit(1)", (folder) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(ran(folder, { dataset }))
        assert.strictEqual(error._tag, "TrialImpossible")
        assert.include(error.message, "dataset: given in code")
        assert.include(error.message, "layerInProcess")
      })
    )
  )
})
