import * as NodeServices from "@effect/platform-node/NodeServices"
import { escapedConsole, helpConsole } from "@moco/core/EscapedConsole"
import { watchParent } from "@moco/core/stopWithParent"
import { ExitCode } from "@moco/train/ExitCode"
import { Console, Effect, Runtime } from "effect"
import { Command } from "effect/cli"
import manifest from "../package.json" with { type: "json" }
import { layerPresenter } from "./commandLine/presenter.ts"
import { ablate } from "./commands/ablate.ts"
import { bench } from "./commands/bench.ts"
import { data } from "./commands/data.ts"
import { doctor } from "./commands/doctor.ts"
import { evaluate } from "./commands/evaluate.ts"
import { parity } from "./commands/parity.ts"
import { plot } from "./commands/plot.ts"

import { report } from "./commands/report.ts"
import { runs } from "./commands/runs.ts"

import { settings } from "./commands/settings.ts"
import { train } from "./commands/train.ts"
import { watch } from "./commands/watch.ts"
import { exitCodeOf, report as tell } from "./ExitCode.ts"
import { isStartedByNohup } from "./noHangUp.ts"
import { stopOnSignals } from "./stopOnSignals.ts"
import { watchNx } from "./stopWithNx.ts"
import { watchOutput } from "./watchOutput.ts"

const { version } = manifest

/** The command of all commands. */
export const moco = Command.make("moco").pipe(
  Command.withDescription("Momentum Contrast: trains image encoders without labels"),
  Command.withSubcommands([
    train,
    evaluate,
    watch,
    report,
    runs,
    data,
    settings,
    plot,
    ablate,
    bench,
    doctor,
    parity
  ]),
  Command.withExamples([
    { command: "npx moco train", description: "the embedded images, a few minutes" },
    { command: "npx moco settings", description: "what can be set, and what it means" }
  ])
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
  watchNx(stop.ask)
  const withOutput = watchOutput(process, stop.ask)
  const main = Runtime.makeRunMain(({ fiber, teardown }) => {
    stop.onStop(() => fiber.interruptUnsafe(fiber.id))
    fiber.addObserver((exit) =>
      teardown(exit, (code) => {
        if (code !== ExitCode.success || stop.signal() !== undefined) process.exit(code)
      })
    )
  })
  const escaped = Command.provideSync(moco, Console.Console, escapedConsole)
  Command.run(escaped, { version }).pipe(
    Effect.tapCause((cause) => Effect.provideService(tell(cause), Console.Console, escapedConsole)),
    Effect.uninterruptible,
    Effect.provideService(Console.Console, helpConsole),
    Effect.provide([NodeServices.layer, layerPresenter]),
    main({
      disableErrorReporting: true,
      teardown: (exit, onExit) => onExit(withOutput(exitCodeOf(exit, stop.signal())))
    })
  )
}
