import { stopWithParent } from "@moco/core/stopWithParent"
import { lastLines } from "@moco/native/setup/Command"
import { Effect, Fiber, Schema, Stream } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"

/** Something that the measurement needs is not as it must be. */
export class NotMeasured extends Schema.TaggedError<NotMeasured>()("NotMeasured", {
  message: Schema.String
}) {}

/** Of what a program says: an address, or why it has ended. */
const maxKept = 2 ** 16

/** How a program ends that was asked to stop: nx asks what a tool has started before it asks the tool. */
const stopped = /^(?:exit code 130|exit code 143|SIGINT|SIGTERM)$/

/** Starts a program, which is stopped as by Ctrl-C, and has ended, when the Scope closes. */
export const start = Effect.fn("Program.start")(function* (program: string, args: ReadonlyArray<string>) {
  const { spawn } = yield* ChildProcessSpawner.ChildProcessSpawner
  const env = { ...stopWithParent, FORCE_COLOR: undefined }
  const stopping = { killSignal: "SIGINT", forceKillAfter: "1 minute" } as const
  const handle = yield* spawn(ChildProcess.make(program, args, { env, extendEnv: true, ...stopping }))
  const said = { stdout: "", stderr: "" }
  const hear = (name: keyof typeof said) =>
    Stream.runForEach(Stream.decodeText(handle[name]), (text) =>
      Effect.sync(() => {
        said[name] = `${said[name]}${text}`.slice(-maxKept)
      })
    )
  // It ends with the program and not with the Scope: until then somebody must read what is said.
  const hearing = yield* Effect.forkDetach(Effect.all([hear("stdout"), hear("stderr")], { concurrency: 2 }))
  const ended = Effect.gen(function* () {
    const how = yield* Effect.match(handle.exitCode, {
      onFailure: (error) => /SIG[A-Z0-9]+/.exec(String(error.cause))?.[0] ?? error.message,
      onSuccess: (code) => `exit code ${code}`
    })
    yield* Fiber.await(hearing)
    if (stopped.test(how)) return yield* Effect.interrupt
    const words = `${[program, ...args].join(" ")}: ended with ${how} before it was measured`
    return yield* new NotMeasured({ message: `${words}\n${said.stderr && lastLines(said.stderr)}`.trimEnd() })
  })
  return {
    pid: handle.pid as number,
    said: () => said.stdout,
    /** Does something as long as the program goes on; fails with its last words where it ends before. */
    whileRunning: <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.raceFirst(work, ended)
  }
})
