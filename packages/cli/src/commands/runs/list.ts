import * as Escape from "@moco/core/Escape"
import { listRuns, RunList, type Sorting, sortings } from "@moco/report/runs/list"
import { listText } from "@moco/report/runs/listText"
import * as RunFolder from "@moco/train/RunFolder"
import { Console, Effect, Option, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { jsonFlag } from "../../flags.ts"

/** Where `moco train` makes its folders. */
const usualFolder = "runs"

const flags = {
  folder: Argument.String("folder").pipe(
    Argument.withDescription(`where to look, at any depth; a study's folder too (default: ${usualFolder})`),
    Argument.optional
  ),
  sort: Flag.Literals("sort", sortings).pipe(
    Flag.withDescription("the newest first, the best first, or by name"),
    Flag.withDefault("time" satisfies Sorting)
  ),
  json: jsonFlag("the runs")
}

const encode = Schema.encodeSync(Schema.fromJsonString(Schema.toCodecJson(RunList)))

/** `moco runs list`: a row for each run below a folder. */
export const list = Command.make(
  "list",
  flags,
  Effect.fn("cli.runs.list")(function* ({ folder, json, sort }) {
    const root = Option.getOrElse(folder, () => usualFolder)
    // Before the first run there is no such folder, and nothing is wrong.
    const isNone = Option.isNone(folder) && !(yield* RunFolder.exists(root))
    const found: RunList = isNone ? { folder: root, runs: [], isCut: false } : yield* listRuns(root, { sort })
    if (json) return yield* Console.log(encode(found))
    if (found.runs.length > 0) return yield* Console.log(listText(found))
    yield* Console.log(`there is no run below ${Escape.line(root)}: npx moco train makes one`)
  }, Effect.interruptible)
).pipe(
  Command.withDescription("List runs: how far each is, and what its encoder is worth beside the baselines"),
  Command.withExamples([
    { command: "npx moco runs list", description: "those of moco train, the newest first" },
    {
      command: "npx moco runs list studies/mine --sort=metric",
      description: "those of a study, the best first"
    }
  ])
)
