import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect } from "effect"
import { Command } from "effect/cli"
import { layerPresenter } from "./commandLine/presenter.ts"
import { ablate } from "./commands/ablate.ts"
import { bench } from "./commands/bench.ts"
import { doctor } from "./commands/doctor.ts"
import { parity } from "./commands/parity.ts"
import { plot } from "./commands/plot.ts"
import { settings } from "./commands/settings.ts"
import { train } from "./commands/train.ts"
import { exitCodeOf, report } from "./ExitCode.ts"
import { stopOnSignals } from "./stopOnSignals.ts"
import { watchParent } from "./stopWithParent.ts"

/** The command of all commands. */
export const moco = Command.make("moco").pipe(
  Command.withDescription("Momentum Contrast: trains image encoders without labels"),
  Command.withSubcommands([train, settings, plot, ablate, bench, doctor, parity]),
  Command.withExamples([
    { command: "npx moco train", description: "the embedded images, a few minutes" },
    { command: "npx moco settings", description: "what can be set, and what it means" }
  ])
)

/** Runs the command line of this process. */
export const run = (): void => {
  const stop = stopOnSignals(process, () => performance.now())
  watchParent(stop.ask)
  // Whoever read our output is gone (`| head`): stop as if asked to.
  process.stdout.on("error", stop.ask)
  Command.run(moco, { version: "0.0.0" }).pipe(
    Effect.tapCause(report),
    Effect.provide([NodeServices.layer, layerPresenter]),
    NodeRuntime.runMain({
      disableErrorReporting: true,
      teardown: (exit, onExit) => onExit(exitCodeOf(exit, stop.signal()))
    })
  )
}
