import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Run from "@moco/train/Run"
import type { RunConfig } from "@moco/train/RunConfig"
import { Console, Effect } from "effect"
import { config, lines } from "./train.ts"

/**
 * A whole run in code, as `moco train` and `moco train --resume=RUN --epochs=2` do it: opened, trained, measured, and
 * then trained longer. What is stopped on the way goes on when the same is called again.
 *
 *     npx nx run examples:whole-run
 */
export const wholeRun = Effect.fn("examples.wholeRun")(function* (folder: string, shown: RunConfig = config) {
  const first = yield* Effect.scoped(
    Effect.gen(function* () {
      const run = yield* Run.open({ config: shown, folder })
      yield* run.train({ checkpointEvery: { epochs: 1 } })
      return yield* run.evaluate
    })
  )
  const longer = yield* Run.extend(folder, shown.training.epochs + 1)
  const { measurements, numSteps } = yield* longer.train()
  return { first, measurements, numSteps }
}, Effect.scoped)

if (import.meta.main) {
  wholeRun("runs/whole-run").pipe(
    Effect.flatMap(({ measurements }) => Console.log(lines(measurements).join("\n"))),
    Effect.provide(NodeServices.layer),
    NodeRuntime.runMain
  )
}
