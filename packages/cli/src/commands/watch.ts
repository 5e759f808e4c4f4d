import { loadDrawing } from "@moco/report/charts/load"
import { holds } from "@moco/report/live/watch/holds"
import { plan } from "@moco/study/Study"
import { readDefinition } from "@moco/study/StudyRecord"
import { Console, Effect, Path } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { recipeOf } from "./ablate/studyOf.ts"

/** A port that no well-known service has. */
const usualPort = 6263

const flags = {
  folder: Argument.String("run").pipe(
    Argument.filter(
      (text) => text !== "",
      () => "a path that is not empty"
    ),
    Argument.withDescription("the folder of a run or of a study; one that does not exist yet is waited for")
  ),
  port: Flag.Int("port").pipe(
    Flag.filter(
      (port) => port >= 0 && port < 2 ** 16,
      (port) => `${port}: must be between 0 and 65535`
    ),
    Flag.withDescription(`where the page is on this machine; 0 takes a free one (default: ${usualPort})`),
    Flag.withMetavar("N"),
    Flag.withDefault(usualPort)
  )
}

/** `moco watch`: the plots of a run or a study while it goes on, as a page on this machine. */
export const watch = Command.make(
  "watch",
  flags,
  Effect.fn("cli.watch")(function* ({ folder, port }) {
    if ((yield* holds(folder)) === "nothing yet") {
      yield* Console.error("there is nothing in this folder yet: it is waited for")
    }
    const { serve } = yield* loadDrawing({ path: folder, hint }, () => import("./watch/serve.ts"))
    return yield* serve({ folder, port, readStudy })
  }, Effect.interruptible)
).pipe(
  Command.withDescription("Show the plots of a run or a study while it trains, as a page in a browser"),
  Command.withExamples([
    { command: "npx moco watch runs/fashionMnistQuick-1", description: "a run" },
    { command: "npx moco watch runs/study-momentum --port=0", description: "a study, at any free port" }
  ])
)

const hint = "close some programs or raise `ulimit -n`; where files are missing, run: npm ci"

/** Reads the study in a folder, and plans its trials. */
export const readStudy = Effect.fnUntraced(function* (folder: string) {
  const path = yield* Path.Path
  const definition = yield* readDefinition(path.join(folder, "study.json"))
  return yield* plan(definition, yield* recipeOf(definition))
})
