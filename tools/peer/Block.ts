import { lastLines } from "@moco/native/setup/Command"
import { describeProblems, shorten } from "@moco/train/RunConfig/Problem"
import { schemaProblems } from "@moco/train/RunConfig/schemaProblems"
import { Effect, Result, Schema, Stream } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import type { Command } from "./commands.ts"
import { BlockFailed } from "./PeerError.ts"

const Positive = Schema.Finite.check(Schema.isGreaterThan(0))

/** What a block prints as its last line, as far as it is compared; ours says more. */
export const BlockResult = Schema.Struct({
  /** Images of a batch by the median step. */
  imagesPerSecond: Positive,
  stepMs: Schema.Struct({ median: Positive, min: Positive, max: Positive }),
  peakRssMiB: Positive,
  /** Ours: floating-point operations, the machine as our library sees it, and the library. */
  gflops: Schema.optionalKey(Schema.Unknown),
  machine: Schema.optionalKey(Schema.Unknown),
  backend: Schema.optionalKey(Schema.Unknown)
})
export type BlockResult = typeof BlockResult.Type

const decode = Schema.decodeUnknownEffect(BlockResult, { errors: "all" })

/** The figures in what a block has printed. */
export const resultIn = Effect.fnUntraced(function* (stdout: string) {
  const line = stdout.trimEnd().split("\n").at(-1) ?? ""
  if (line === "") return yield* new BlockFailed({ reason: "it printed nothing" })
  const input = yield* Effect.try({
    try: (): unknown => JSON.parse(line),
    catch: () => new BlockFailed({ reason: `its last line is no JSON: ${shorten(line, 120)}` })
  })
  const decoded = yield* Effect.result(decode(input))
  if (Result.isSuccess(decoded)) return decoded.success
  const problems = schemaProblems(decoded.failure.issue, BlockResult.ast, input)
  return yield* new BlockFailed({ reason: describeProblems("its last line", problems) })
})

/** After which a block is given up: the longest one, with code to compile, takes some minutes. */
const timeLimit = "20 minutes"

/** What a program ends with when it was asked to stop, as a shell counts. */
const stopCodes: ReadonlyArray<number> = [130, 143]
const stopSignals: ReadonlyArray<string> = ["SIGINT", "SIGTERM"]

/** Runs a block to its end; interruption ends the process. */
export const runBlock = (
  { args, program }: Command,
  environment: Readonly<Record<string, string>>
): Effect.Effect<BlockResult, BlockFailed, ChildProcessSpawner.ChildProcessSpawner> =>
  Effect.gen(function* () {
    const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
    const command = ChildProcess.make(program, args, {
      // Node warns where NO_COLOR and this are set, and nx sets it.
      env: { ...environment, FORCE_COLOR: undefined },
      extendEnv: true,
      killSignal: "SIGTERM",
      forceKillAfter: "2 seconds"
    })
    const handle = yield* spawner.spawn(command)
    const textOf = (stream: Stream.Stream<Uint8Array, PlatformError>) =>
      Stream.mkString(Stream.decodeText(stream))
    const [stdout, stderr] = yield* Effect.all([textOf(handle.stdout), textOf(handle.stderr)], {
      concurrency: "unbounded"
    })
    const ended = yield* Effect.match(handle.exitCode, {
      onFailure: (error) => /SIG[A-Z0-9]+/.exec(String(error.cause))?.[0] ?? error.message,
      onSuccess: (code) => code as number
    })
    if (ended === 0) return yield* resultIn(stdout)
    // nx asks what a program has started to stop before it asks the program.
    if (stopCodes.includes(Number(ended)) || stopSignals.includes(String(ended))) {
      return yield* Effect.interrupt
    }
    return yield* new BlockFailed({ reason: `${wordsFor(ended)}\n${lastLines(stderr)}`.trimEnd() })
  }).pipe(
    Effect.scoped,
    Effect.catchTag("PlatformError", ({ message }) => Effect.fail(new BlockFailed({ reason: message }))),
    Effect.timeoutOrElse({
      duration: timeLimit,
      orElse: () => Effect.fail(new BlockFailed({ reason: `it did not end within ${timeLimit}` }))
    })
  )

const wordsFor = (ended: number | string): string => {
  if (typeof ended === "number") return `it ended with exit code ${ended}`
  return ended === "SIGKILL" ? "it was killed, most often for lack of memory" : `it ended with ${ended}`
}
