import { shellQuoted } from "@moco/native/shellQuoted"
import type { DrawnRun } from "@moco/report/charts/runChart/curves"
import type { Commands } from "@moco/report/html/run/RunSource"
import { commandText } from "../../commandLine/commandText.ts"

interface Given {
  /** What a config does not hold, as it was given. */
  readonly flags?: Readonly<Record<string, string | undefined>>
  /** The weights that it began with, where they are not the seed's. */
  readonly initial?: string | undefined
}

/** The commands that take the run in a folder again and that go on with it: longer, where it has reached its end. */
export const commandsOf =
  (runFolder: string, { flags = {}, initial }: Given = {}) =>
  ({ config, events }: DrawnRun): Commands => {
    const end = events.at(-1)
    const isOver = end?.event === "finished" && end.outcome === "completed"
    const epochs = isOver ? String(2 * config.training.epochs) : undefined
    return {
      repeat: commandText("train", { config: `${runFolder}/config.json`, "init-from": initial, ...flags }),
      goOn: commandText("train", { resume: runFolder, epochs, ...flags }),
      inspect: `${commandText(`report ${shellQuoted(runFolder)}`, { "data-dir": flags["data-dir"] })} --inspect`
    }
  }
