import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Runtime } from "effect"
import { Command } from "effect/cli"
import { ablate } from "./commands/ablate.ts"
import { bench } from "./commands/bench.ts"
import { doctor } from "./commands/doctor.ts"
import { parity } from "./commands/parity.ts"
import { train } from "./commands/train.ts"
import { ExitCode, exitCodeOf, report } from "./ExitCode.ts"
import { isStartedByNohup } from "./noHangUp.ts"
import { stopOnSignals } from "./stopOnSignals.ts"
import { watchParent } from "./stopWithParent.ts"
import { watchOutput } from "./watchOutput.ts"

const moco = Command.make("moco").pipe(
  Command.withDescription("Momentum Contrast: trains image encoders without labels"),
  Command.withSubcommands([train, ablate, bench, doctor, parity])
)

/**
 * Runs the command line of this process.
 *
 * It is uninterruptible, and each command says where it can be stopped: in an interrupted fiber Effect skips handlers of
 * errors, and drops the errors that they would have handled. Here nothing is skipped, so that whatever fails while a
 * stopped program saves and ends is told, and decides its exit code.
 */
export const run = (): void => {
  const stop = stopOnSignals(process, () => performance.now(), isStartedByNohup() ? ["SIGHUP"] : [])
  watchParent(stop.ask)
  const withOutput = watchOutput(process, stop.ask)
  const main = Runtime.makeRunMain(({ fiber, teardown }) => {
    stop.onStop(() => fiber.interruptUnsafe(fiber.id))
    fiber.addObserver((exit) =>
      teardown(exit, (code) => {
        if (code !== ExitCode.success || stop.signal() !== undefined) process.exit(code)
      })
    )
  })
  Command.run(moco, { version: "0.0.0" }).pipe(
    Effect.tapCause(report),
    Effect.uninterruptible,
    Effect.provide(NodeServices.layer),
    main({
      disableErrorReporting: true,
      teardown: (exit, onExit) => onExit(withOutput(exitCodeOf(exit, stop.signal())))
    })
  )
}
