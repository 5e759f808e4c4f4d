import { Effect, Stream } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"

/** How a program ended, and everything it said. */
export interface Finished {
  /** `undefined` when there is no such program. */
  readonly exitCode: number | undefined
  readonly output: string
}

/** Runs a program to its end; interruption ends the program too. */
export const run = (
  program: string,
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {}
): Effect.Effect<Finished, never, ChildProcessSpawner.ChildProcessSpawner> =>
  Effect.gen(function* () {
    const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
    const handle = yield* spawner.spawn(
      ChildProcess.make(program, args, { env, extendEnv: true, stdin: "ignore" })
    )
    const output = yield* Stream.mkString(Stream.decodeText(handle.all))
    return { exitCode: (yield* handle.exitCode) as number, output }
  }).pipe(
    Effect.scoped,
    Effect.catch((error) => Effect.succeed({ exitCode: undefined, output: error.message }))
  )

/** The last lines of what a program said, for an error message. */
export const lastLines = (output: string, count = 6): string =>
  output
    .trimEnd()
    .split("\n")
    .slice(-count)
    .map((line) => `  | ${line}`)
    .join("\n")
