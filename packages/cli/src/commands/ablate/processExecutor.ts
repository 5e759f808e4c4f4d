import { fileURLToPath } from "node:url"
import type { Trial } from "@moco/train/Study"
import { TrialExecutor, type TrialProgress } from "@moco/train/Study/TrialExecutor"
import { Clock, Effect, FileSystem, Layer, Path, Schedule, Stream } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import { ExitCode } from "../../ExitCode.ts"
import { stopWithParent } from "../../stopWithParent.ts"
import { completedTrial, failedTrial, lastStep, type TrialEnd } from "./trialRecord.ts"

const main = fileURLToPath(new URL("../../main.ts", import.meta.url))

/** How often a running trial is looked at. */
const lookEvery = "500 millis"

/**
 * Runs every trial as `moco train` in a process of its own, in `<folder>/runs/<trial>-<attempt>`.
 *
 * What a trial leaves is read from its run log, so a study sees what any run shows. The process is stopped when the
 * study is, and stops by itself when the study is killed.
 */
export const layerProcesses = (options: { readonly folder: string; readonly dataDir: string | undefined }) =>
  Layer.effect(
    TrialExecutor,
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const services = yield* Effect.context<
        FileSystem.FileSystem | Path.Path | ChildProcessSpawner.ChildProcessSpawner
      >()
      const runs = path.join(options.folder, "runs")

      const train = Effect.fnUntraced(function* (
        trial: Trial,
        observe: (progress: TrialProgress) => Effect.Effect<void>
      ) {
        const start = yield* Clock.currentTimeMillis
        yield* fileSystem.makeDirectory(runs, { recursive: true })
        const runFolder = yield* nextAttempt(runs, trial.id)
        const folder = path.join(runs, runFolder)
        const config = path.join(runs, `${trial.id}.json`)
        yield* fileSystem.writeFileString(config, `${JSON.stringify(trial.config, null, 2)}\n`)
        const dataDir = options.dataDir === undefined ? [] : [`--data-dir=${options.dataDir}`]
        const args = [main, "train", `--config=${config}`, `--out=${folder}`, ...dataDir]
        const metrics = path.join(folder, "metrics.jsonl")
        const look = Effect.andThen(
          Effect.orElseSucceed(lastStep(metrics), () => undefined),
          (step) => (step === undefined ? Effect.void : observe(step))
        )
        const { exitCode, stderr } = yield* Effect.raceFirst(
          runProcess(args),
          Effect.andThen(Effect.repeat(look, Schedule.spaced(lookEvery)), Effect.never)
        )
        const seconds = ((yield* Clock.currentTimeMillis) - start) / 1000
        const end: TrialEnd = { trial, seconds, runFolder: path.join("runs", runFolder) }
        return exitCode === ExitCode.success
          ? yield* completedTrial(end, metrics)
          : yield* failedTrial(end, metrics, exitCode, stderr)
      })

      return TrialExecutor.of({
        run: (trial, observe) =>
          train(trial, observe).pipe(
            // The study's own trouble with a trial's files is as good a reason as the trial's own.
            Effect.catch(({ message }) =>
              failedTrial({ trial, seconds: 0, runFolder: "" }, "", ExitCode.resource, message)
            ),
            Effect.provide(services)
          )
      })
    })
  )

/** Runs this program with other arguments; interruption asks it to stop and waits for it. */
const runProcess = (
  args: ReadonlyArray<string>
): Effect.Effect<
  { readonly exitCode: number; readonly stderr: string },
  PlatformError,
  ChildProcessSpawner.ChildProcessSpawner
> =>
  Effect.gen(function* () {
    const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
    const handle = yield* spawner.spawn(
      ChildProcess.make(process.execPath, args, {
        env: { ...stopWithParent, NO_COLOR: "1" },
        extendEnv: true,
        stdout: "ignore",
        killSignal: "SIGTERM",
        forceKillAfter: "10 seconds"
      })
    )
    const stderr = yield* Stream.mkString(Stream.decodeText(handle.stderr))
    return { exitCode: (yield* handle.exitCode) as number, stderr }
  }).pipe(Effect.scoped)

/** The first name that no earlier attempt has taken: what a stopped attempt has left is not built upon. */
const nextAttempt = Effect.fnUntraced(function* (runs: string, trial: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  for (let attempt = 1; ; attempt++) {
    const name = `${trial}-${attempt}`
    if (!(yield* fileSystem.exists(path.join(runs, name)))) return name
  }
})
