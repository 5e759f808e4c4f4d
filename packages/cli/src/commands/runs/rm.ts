import * as Escape from "@moco/core/Escape"
import { bytesText } from "@moco/report/bytes"
import { claimRuns, type Removable, RemovedRuns, removeFolders, removeRuns } from "@moco/report/runs/remove"
import { Console, Effect, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { FlagsInvalid } from "../../FlagsInvalid.ts"
import { jsonFlag } from "../../flags.ts"
import { confirm, IsInteractive } from "./confirm.ts"

const flags = {
  runs: Argument.String("run").pipe(
    Argument.withDescription("the folders of runs"),
    Argument.variadic({ min: 1 })
  ),
  yes: Flag.Boolean("yes").pipe(
    Flag.withDescription("do not ask; needed where there is no terminal to ask on"),
    Flag.withDefault(false)
  ),
  json: jsonFlag("what was removed")
}

const encode = Schema.encodeSync(Schema.fromJsonString(Schema.toCodecJson(RemovedRuns)))

/** `moco runs rm`: removes what runs have written. */
export const rm = Command.make(
  "rm",
  flags,
  Effect.fn("cli.runs.rm")(function* ({ json, runs, yes }) {
    if (!yes && !(yield* IsInteractive)) {
      return yield* new FlagsInvalid({
        flags: "runs rm",
        problem: "removes files for good, and there is no terminal to ask on",
        hint: "give --yes as well; nothing was removed"
      })
    }
    const claimed = yield* Effect.scoped(
      Effect.gen(function* () {
        const found = yield* Effect.interruptible(claimRuns(runs))
        if (!json) yield* Console.log(found.map(linesOf).join("\n"))
        const isWanted = yes || (yield* confirm(question(found)))
        if (isWanted) yield* removeRuns(found)
        return isWanted ? found : []
      })
    )
    const removed = yield* removeFolders(claimed)
    yield* Console.log(json ? encode(removed) : summary(removed))
    // What was begun is done: a run of which a half is removed is worth nothing.
  }, Effect.uninterruptible)
).pipe(
  Command.withDescription(
    "Remove runs: the files that a run writes, and its folder if nothing else is in it"
  ),
  Command.withExamples([
    { command: "npx moco runs rm runs/mine-1 runs/mine-2", description: "asks before it removes anything" },
    { command: "npx moco runs rm runs/mine-1 --yes", description: "in a script" }
  ])
)

const linesOf = ({ bytes, contents, path }: Removable): string => {
  const files = contents.filter(({ isFolder, isOfRun, name }) => isOfRun && !isFolder && name !== "run.lock")
  const others = contents.filter(({ isOfRun }) => !isOfRun)
  const left = others.map(({ name }) => `  left: ${name}, which no run writes`)
  return [`${path}: ${files.length} files, ${bytesText(bytes)}`, ...left].map(Escape.line).join("\n")
}

const question = (found: ReadonlyArray<Removable>): string => {
  const bytes = bytesText(found.reduce((sum, run) => sum + run.bytes, 0))
  return `Remove ${found.length === 1 ? "this run" : `these ${found.length} runs`} (${bytes})?`
}

const summary = ({ bytesFreed, runs }: RemovedRuns): string => {
  if (runs.length === 0) return "nothing was removed"
  const kept = runs.filter(({ isGone }) => !isGone)
  const folders = kept.map(({ path }) => `  ${Escape.line(path)} is still there, for it holds something else`)
  return [
    `removed ${runs.length === 1 ? "1 run" : `${runs.length} runs`}: ${bytesText(bytesFreed)} freed`,
    ...folders
  ].join("\n")
}
