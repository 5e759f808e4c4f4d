import type { Finished } from "@moco/native/setup/Command"
import * as LiveLine from "@moco/report/live/LiveLine"
import { Effect, Stream } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"

/** Installs and shows what pip says: line by line, on a terminal each in place of the one before. */
export const pipInstall = Effect.fnUntraced(function* (
  executable: string,
  requirements: ReadonlyArray<string>
) {
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const live = yield* LiveLine.make
  const flags = ["--disable-pip-version-check", "--no-input", "--progress-bar=off"]
  const lines: Array<string> = []
  const exitCode = yield* Effect.gen(function* () {
    const handle = yield* spawner.spawn(
      ChildProcess.make(executable, ["-m", "pip", "install", ...flags, ...requirements], {
        extendEnv: true,
        stdin: "ignore"
      })
    )
    yield* handle.all.pipe(
      Stream.decodeText,
      Stream.splitLines,
      Stream.runForEach((line) => {
        lines.push(line)
        return live.draw((columns) => `  pip: ${line}`.slice(0, columns))
      })
    )
    return (yield* handle.exitCode) as number
  }).pipe(
    Effect.catch((error) => {
      lines.push(error.message)
      return Effect.succeed(1)
    })
  )
  return { exitCode, output: lines.join("\n") } satisfies Finished
}, Effect.scoped)
