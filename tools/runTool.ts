import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { escapedConsole } from "@moco/core/EscapedConsole"
import { Cause, Console, Effect, Runtime, type Scope } from "effect"

/**
 * Runs the program of a tool as this process: on Node's services, in a scope that is closed when it ends, stopped by Ctrl-C.
 *
 * What it fails with is told on stderr and becomes the exit code: an error by its message, a bug by its whole cause. Nothing is
 * said of a stop, nor of an error that was told already.
 *
 * @param console  the door to the terminal; text may be anybody's, so unless a tool has a reason it is escaped
 */
export const runTool = <E>(
  program: Effect.Effect<unknown, E, NodeServices.NodeServices | Scope.Scope>,
  { console = escapedConsole }: { readonly console?: Console.Console } = {}
): void =>
  program.pipe(
    Effect.scoped,
    Effect.tapCause(tell),
    Effect.provideService(Console.Console, console),
    Effect.provide(NodeServices.layer),
    NodeRuntime.runMain({ disableErrorReporting: true })
  )

const tell = (cause: Cause.Cause<unknown>): Effect.Effect<void> => {
  if (Cause.hasInterruptsOnly(cause)) return Effect.void
  const error = Cause.squash(cause)
  // The mark of an error that somebody has told: `effect/cli` sets it on what it says of wrong flags.
  if (!Runtime.getErrorReported(error)) return Effect.void
  const isExpected = !Cause.hasDies(cause) && error instanceof Error
  return Console.error(isExpected ? `error: ${error.message}` : Cause.pretty(cause))
}
