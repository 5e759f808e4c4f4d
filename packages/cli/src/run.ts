import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect } from "effect"
import { Command } from "effect/cli"
import { ablate } from "./commands/ablate.ts"
import { bench } from "./commands/bench.ts"
import { doctor } from "./commands/doctor.ts"
import { parity } from "./commands/parity.ts"
import { train } from "./commands/train.ts"
import { exitCodeOf, report } from "./ExitCode.ts"
import { stopOnSignals } from "./stopOnSignals.ts"
import { watchNx } from "./stopWithNx.ts"
import { watchParent } from "./stopWithParent.ts"

const moco = Command.make("moco").pipe(
  Command.withDescription("Momentum Contrast: trains image encoders without labels"),
  Command.withSubcommands([train, ablate, bench, doctor, parity])
)

/** Runs the command line of this process. */
export const run = (): void => {
  const stop = stopOnSignals(process, () => performance.now())
  watchParent(stop.ask)
  watchNx(stop.ask)
  // Whoever read our output is gone (`| head`): stop as if asked to.
  process.stdout.on("error", stop.ask)
  Command.run(moco, { version: "0.0.0" }).pipe(
    Effect.tapCause(report),
    Effect.provide(NodeServices.layer),
    NodeRuntime.runMain({
      disableErrorReporting: true,
      teardown: (exit, onExit) => onExit(exitCodeOf(exit, stop.signal()))
    })
  )
}
