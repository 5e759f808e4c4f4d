import { constants } from "node:os"
import * as SafeFile from "@moco/core/SafeFile"
import { stopWithParent } from "@moco/core/stopWithParent"
import { codeOfSignal, ExitCode } from "@moco/train/ExitCode"
import * as FolderLock from "@moco/train/FolderLock"
import { readsDataDir } from "@moco/train/RunConfig/images"
import { filesOf } from "@moco/train/RunFolder/files"
import { Effect, Exit, Fiber, Path, Schedule, Stream } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import { ownNamesOf } from "../identity.ts"
import type { StudyRecordError } from "../StudyRecord.ts"
import { impossible, layerInFolder, notSaved } from "./inFolder.ts"
import { reasonOf } from "./lastWords.ts"
import { type Ended, endedBySignal, lastStep } from "./trialRecord.ts"

/** How often a running trial is looked at. */
const lookEvery = "500 millis"

/** How often a run whose folder is still held is tried again. */
const lockRetries = 60

/**
 * Exit codes of a run that was asked to stop, by somebody else than the study. nx does so: it signals a process when
 * those that it started are gone, so Ctrl-C reaches the runs first and the study only when no run is left.
 */
const askedToStop: ReadonlyArray<number> = Object.values(codeOfSignal)

/**
 * Runs every trial as `moco train` in a process of its own. It is stopped when the study is, and stops by itself when
 * the study is killed; the next one goes on from its last checkpoint.
 */
export const layerProcesses = (options: {
  /** The program, which knows the command `train`. */
  readonly main: string
  readonly folder: string
  readonly dataDir: string | undefined
}) =>
  layerInFolder(
    options.folder,
    Effect.fnUntraced(function* (trial, folder, observe) {
      const own = ownNamesOf(trial.stages)
      if (own.length > 0) {
        const problem = `${own.join(", ")}: given in code, which no process of moco train has`
        return yield* impossible(trial, `${problem}\n  run the study with layerInProcess`)
      }
      const config = `${folder}.json`
      yield* SafeFile.replaceText(config, `${JSON.stringify(trial.config, null, 2)}\n`)
      const dataDir =
        options.dataDir !== undefined && readsDataDir(trial.config) ? [`--data-dir=${options.dataDir}`] : []
      const args = [options.main, "train", `--config=${config}`, `--out=${folder}`, "--no-report", ...dataDir]
      const { metrics } = filesOf(yield* Path.Path, folder)
      const step = Effect.orElseSucceed(lastStep(metrics), () => undefined)
      const look = Effect.flatMap(step, (progress) => (progress ? observe(progress) : Effect.void))
      let stopped: Ended | undefined
      const ending = Effect.repeat(
        runProcess(args, (ended) => {
          stopped = ended
        }),
        {
          // What a killed study has left running stops within a step, and holds its folder until then.
          while: ({ reason }) => reason.includes(FolderLock.worksInThisFolder),
          schedule: Schedule.spaced(lookEvery),
          times: lockRetries
        }
      )
      const looking = Effect.andThen(Effect.repeat(look, Schedule.spaced(lookEvery)), Effect.never)
      const ended = yield* Effect.interruptible(Effect.raceFirst(ending, looking)).pipe(
        Effect.onInterrupt(() => requireSaved(folder, stopped))
      )
      return askedToStop.includes(ended.exitCode) ? yield* Effect.interrupt : ended
    })
  )

/** Fails where a run that was stopped has ended otherwise than with its state saved. */
const requireSaved = (folder: string, ended: Ended | undefined): Effect.Effect<void, StudyRecordError> => {
  const isSaved = ended === undefined || [ExitCode.success, ...askedToStop].includes(ended.exitCode)
  return isSaved ? Effect.void : Effect.fail(notSaved(folder, ended.reason))
}

/** Runs this program with other arguments; interruption asks it to stop, waits for it, and tells how it has ended. */
const runProcess = (
  args: ReadonlyArray<string>,
  onStopped: (ended: Ended) => void
): Effect.Effect<Ended, PlatformError, ChildProcessSpawner.ChildProcessSpawner> =>
  Effect.gen(function* () {
    const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
    const stopping = { killSignal: "SIGTERM", forceKillAfter: "10 seconds" } as const
    const handle = yield* spawner.spawn(
      ChildProcess.make(process.execPath, args, {
        // Node warns where both are set, and nx sets the second one.
        env: { ...stopWithParent, NO_COLOR: "1", FORCE_COLOR: undefined },
        extendEnv: true,
        stdout: "ignore",
        ...stopping
      })
    )
    const ending = yield* Effect.gen(function* () {
      const stderr = yield* Stream.mkString(Stream.decodeText(handle.stderr))
      // A process that a signal ended has no exit code; what it has left is a result all the same.
      const exitCode = yield* Effect.catch(handle.exitCode, (error) =>
        Effect.succeed(exitCodeOfSignal(error))
      )
      return { exitCode, reason: exitCode === ExitCode.success ? "" : reasonOf(exitCode, stderr) }
    }).pipe(Effect.forkScoped({ startImmediately: true }))
    const stop = Effect.andThen(Effect.ignore(handle.kill(stopping)), Fiber.await(ending)).pipe(
      Effect.map((exit) => Exit.isSuccess(exit) && onStopped(exit.value))
    )
    return yield* Effect.onInterrupt(Fiber.join(ending), () => stop)
  }).pipe(Effect.scoped)

/** What a shell gives as exit code of a process that a signal has ended. */
const exitCodeOfSignal = (error: PlatformError): number => {
  const [name] = /SIG[A-Z0-9]+/.exec(String(error.cause)) ?? []
  return name === undefined ? ExitCode.resource : endedBySignal + constants.signals[name as NodeJS.Signals]
}
