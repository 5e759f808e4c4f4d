import { compareRuns } from "@moco/report/runs/compare"
import { RunComparison } from "@moco/report/runs/comparison"
import { comparisonText } from "@moco/report/runs/comparisonText"
import { Console, Effect, Schema } from "effect"
import { Argument, Command } from "effect/cli"
import { jsonFlag } from "../../flags.ts"

const flags = {
  runs: Argument.String("run").pipe(
    Argument.withDescription("the folders of runs, two or more"),
    Argument.variadic({ min: 2 })
  ),
  json: jsonFlag("the comparison")
}

const encode = Schema.encodeSync(Schema.fromJsonString(Schema.toCodecJson(RunComparison)))

/** `moco runs compare`: runs side by side. */
export const compare = Command.make(
  "compare",
  flags,
  Effect.fn("cli.runs.compare")(function* ({ json, runs }) {
    const comparison = yield* compareRuns(runs)
    yield* Console.log(json ? encode(comparison) : comparisonText(comparison))
  }, Effect.interruptible)
).pipe(
  Command.withDescription("Compare runs: settings that differ, scores, differences seed by seed"),
  Command.withExamples([
    { command: "npx moco runs compare runs/mine-1 runs/mine-2", description: "two runs" },
    {
      command: "npx moco runs compare runs/cold-* runs/warm-*",
      description: "runs of several seeds each: what differs in the seed alone is one group"
    }
  ])
)
