import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect } from "effect"
import { Command } from "effect/cli"
import { ablate } from "./commands/ablate.ts"
import { doctor } from "./commands/doctor.ts"
import { parity } from "./commands/parity.ts"
import { train } from "./commands/train.ts"
import { ExitCode, exitCodeOf, report } from "./ExitCode.ts"
import { watchParent } from "./stopWithParent.ts"

const moco = Command.make("moco").pipe(
  Command.withDescription("Momentum Contrast: trains image encoders without labels"),
  Command.withSubcommands([train, ablate, doctor, parity])
)

/** Milliseconds after which a second signal stops the program at once. */
const impatientMs = 1000

/** Runs the command line of this process. */
export const run = (): void => {
  watchParent()
  let signal: NodeJS.Signals | undefined
  let signalledAt = 0
  // Both signals interrupt the program, which saves and ends; the first one decides the exit code. nx may deliver one
  // twice within milliseconds, so only a later one is taken for impatience.
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      const now = performance.now()
      if (signal === undefined) {
        signal = name
        signalledAt = now
      } else if (now - signalledAt >= impatientMs) {
        process.exit(signal === "SIGTERM" ? ExitCode.terminated : ExitCode.interrupted)
      }
    })
  }
  // Whoever read our output is gone (`| head`): stop as if asked to.
  process.stdout.on("error", () => process.kill(process.pid, "SIGTERM"))
  Command.run(moco, { version: "0.0.0" }).pipe(
    Effect.tapCause(report),
    Effect.provide(NodeServices.layer),
    NodeRuntime.runMain({
      disableErrorReporting: true,
      teardown: (exit, onExit) => onExit(exitCodeOf(exit, signal))
    })
  )
}
