import { detailsOf, RunDetails, type WholeRun } from "@moco/report/runs/details"
import { detailsText } from "@moco/report/runs/detailsText"
import type { RunSummary } from "@moco/report/runs/summary"
import { Console, Effect, Schema } from "effect"
import { Argument, Command } from "effect/cli"
import { commandText } from "../../commandLine/commandText.ts"
import { jsonFlag } from "../../flags.ts"

const flags = {
  run: Argument.String("run").pipe(Argument.withDescription("the folder of a run")),
  json: jsonFlag("it")
}

const encode = Schema.encodeSync(Schema.fromJsonString(Schema.toCodecJson(RunDetails)))

/** `moco runs show`: everything about one run. */
export const show = Command.make(
  "show",
  flags,
  Effect.fn("cli.runs.show")(function* ({ json, run }) {
    const details = yield* detailsOf(run, commandsOf)
    yield* Console.log(json ? encode(details) : detailsText(details))
  }, Effect.interruptible)
).pipe(
  Command.withDescription("Show a run: its settings, what it has found, what it ran on, its files"),
  Command.withExamples([
    { command: "npx moco runs show runs/fashionMnist10k-1", description: "in words" },
    { command: "npx moco runs show runs/fashionMnist10k-1 --json", description: "for a program" }
  ])
)

/** What can be done with a run as it is; one with stages of a program's own is gone on with by that program. */
const commandsOf = (
  { path, state }: RunSummary,
  { environment, looked: { config, folder, log, newest, numSteps } }: WholeRun
): RunDetails["commands"] => {
  if (config === undefined || (environment?.ownStages ?? []).length > 0) return []
  const seed = String((config.seed + 1) % 2 ** 32)
  const hasInitial = log?.events.some(({ event }) => event === "initialised") === true
  const initial = hasInitial ? folder.initial : undefined
  const again = {
    purpose: "the same with another seed",
    command: commandText("train", { config: `${path}/config.json`, seed, "init-from": initial })
  }
  const resume = (more: Readonly<Record<string, string>>) => commandText("train", { resume: path, ...more })
  const plot = { purpose: "draw it", command: commandText("plot", { run: path, out: "run.png" }) }
  switch (state) {
    case "finished": {
      const longer = resume({ epochs: String(2 * config.training.epochs) })
      return [again, { purpose: "train it longer", command: longer }, plot]
    }
    case "diverged":
      return newest === undefined
        ? [again]
        : [{ purpose: "go on from an earlier state", command: resume({ "on-nan": "rollback" }) }, again]
    case "interrupted":
    case "failed":
    case "empty":
      return [{ purpose: "go on with it", command: resume({}) }, again, ...(numSteps > 0 ? [plot] : [])]
    case "running":
      return numSteps > 0 ? [plot] : []
    case "damaged":
      return [again]
  }
}
