import { constants } from "node:os"
import * as SafeFile from "@moco/core/SafeFile"
import { stopWithParent } from "@moco/core/stopWithParent"
import { codeOfSignal, ExitCode } from "@moco/train/ExitCode"
import * as FolderLock from "@moco/train/FolderLock"
import { readsDataDir } from "@moco/train/RunConfig/images"
import { Clock, Effect, Exit, Fiber, type FileSystem, Layer, Path, Schedule, Stream } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import type { Trial } from "../Study.ts"
import { StudyRecordError } from "../StudyRecord.ts"
import { renderSettings } from "../settings.ts"
import { TrialExecutor, TrialImpossible, type TrialProgress } from "../TrialExecutor.ts"
import type { TrialRecord } from "../TrialRecord.ts"
import {
  completedTrial,
  type Ended,
  endedBySignal,
  failedTrial,
  hasCompleted,
  lastStep,
  reasonOf,
  type TrialEnd
} from "./trialRecord.ts"

/** How often a running trial is looked at. */
const lookEvery = "500 millis"

/** How often a run whose folder is still held is tried again. */
const lockRetries = 60

/** Exit codes of a run that never began: what is wrong is wrong for every run of the study. */
const neverBegan: ReadonlyArray<number> = [ExitCode.config, ExitCode.data]

/**
 * Exit codes of a run that was asked to stop, by somebody else than the study. nx does so: it signals a process when
 * those that it started are gone, so Ctrl-C reaches the runs first and the study only when no run is left.
 */
const askedToStop: ReadonlyArray<number> = Object.values(codeOfSignal)

/**
 * Runs every trial as `moco train` in a process of its own, in `<folder>/runs/<trial>`.
 *
 * What a trial leaves is read from its run log, so a study sees what any run shows. The process is stopped when the
 * study is, and stops by itself when the study is killed; the next one goes on from its last checkpoint. Where a run has
 * reached its end and the study was killed before it took note, its result is taken instead of another run.
 */
export const layerProcesses = (options: {
  /** The program, which knows the command `train`. */
  readonly main: string
  readonly folder: string
  readonly dataDir: string | undefined
}) =>
  Layer.effect(
    TrialExecutor,
    Effect.gen(function* () {
      const path = yield* Path.Path
      const services = yield* Effect.context<
        FileSystem.FileSystem | Path.Path | ChildProcessSpawner.ChildProcessSpawner
      >()
      const runs = path.join(options.folder, "runs")
      const dataDirOf = ({ config }: Trial) =>
        options.dataDir !== undefined && readsDataDir(config) ? [`--data-dir=${options.dataDir}`] : []

      const start = Effect.fnUntraced(function* (
        trial: Trial,
        folder: string,
        observe: Observe,
        onStopped: (ended: Ended) => void
      ) {
        const config = path.join(runs, `${trial.id}.json`)
        yield* SafeFile.replaceText(config, `${JSON.stringify(trial.config, null, 2)}\n`)
        const args = [options.main, "train", `--config=${config}`, `--out=${folder}`, ...dataDirOf(trial)]
        const step = Effect.orElseSucceed(lastStep(metricsOf(path, folder)), () => undefined)
        const look = Effect.flatMap(step, (progress) => (progress ? observe(progress) : Effect.void))
        return yield* Effect.raceFirst(
          Effect.repeat(runProcess(args, onStopped), {
            // What a killed study has left running stops within a step, and holds its folder until then.
            while: ({ stderr }) => stderr.includes(FolderLock.worksInThisFolder),
            schedule: Schedule.spaced(lookEvery),
            times: lockRetries
          }),
          Effect.andThen(Effect.repeat(look, Schedule.spaced(lookEvery)), Effect.never)
        )
      })

      const run = Effect.fnUntraced(function* (trial: Trial, observe: Observe) {
        // Nothing above it: where the study's folder was removed, none is made in its place.
        yield* SafeFile.makeFolder(runs)
        const startedAt = yield* Clock.currentTimeMillis
        const folder = path.join(runs, trial.id)
        const metrics = metricsOf(path, folder)
        const isDone = yield* hasCompleted(metrics)
        let stopped = done
        const started = start(trial, folder, observe, (ended) => {
          stopped = ended
        })
        const ended = isDone
          ? done
          : yield* Effect.onInterrupt(Effect.interruptible(started), () => unlessSaved(folder, stopped))
        if (askedToStop.includes(ended.exitCode)) return yield* Effect.interrupt
        const seconds = ((yield* Clock.currentTimeMillis) - startedAt) / 1000
        const end: TrialEnd = { trial, seconds, runFolder: path.join("runs", trial.id) }
        if (ended.exitCode === ExitCode.success) return yield* completedTrial(end, metrics)
        const failure = yield* failedTrial(end, metrics, ended)
        if (!neverBegan.includes(ended.exitCode)) return failure as TrialRecord
        const name = `${renderSettings(trial.settings)}, seed ${trial.seed}`
        return yield* new TrialImpossible({ trial: name, reason: failure.reason.split("\n") })
      })

      return TrialExecutor.of({
        run: (trial, observe) =>
          run(trial, observe).pipe(
            // Trouble of the study's own with a trial's files is as good a reason as the trial's own.
            Effect.catchIf(
              (error) => error._tag !== "TrialImpossible" && error._tag !== "StudyRecordError",
              ({ message }) =>
                failedTrial({ trial, seconds: 0, runFolder: "" }, "", {
                  exitCode: ExitCode.resource,
                  stderr: `error: ${message}`
                })
            ),
            Effect.provide(services)
          )
      })
    })
  )

type Observe = (progress: TrialProgress) => Effect.Effect<void>

const metricsOf = (path: Path.Path, folder: string) => path.join(folder, "metrics.jsonl")

const done: Ended = { exitCode: ExitCode.success, stderr: "" }

/** Fails where a run that was stopped has ended otherwise than with its state saved. */
const unlessSaved = (path: string, { exitCode, stderr }: Ended): Effect.Effect<void, StudyRecordError> => {
  if (exitCode === ExitCode.success || askedToStop.includes(exitCode)) return Effect.void
  const reason = reasonOf({ exitCode, stderr })
  const hint = "its last checkpoint is as it was; the same command goes on with it"
  return Effect.fail(new StudyRecordError({ operation: "written", path, reason, hint }))
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
      return { exitCode, stderr }
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
