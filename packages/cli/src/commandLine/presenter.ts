import { Console } from "effect"
import { CliOutput } from "effect/cli"
import { helpText } from "./help.ts"
import { usageErrorText } from "./usageError.ts"

/**
 * What the command line says of itself: help in 80 columns, and a wrong command line as its errors alone, with one line
 * of usage, on standard error. Effect's own presenter prints the whole help before the error.
 *
 * @param settings  paths of what `--set` takes; whoever types one as a flag is told how
 */
export const layerPresenter = (settings: () => ReadonlyArray<string>) =>
  CliOutput.layerPresenter({
    present: (event) => {
      switch (event._tag) {
        case "Help":
          return Console.log(helpText(event.helpDoc))
        case "InvalidInvocation":
          return Console.error(usageErrorText(event.helpDoc, event.errors, settings()))
        case "Version":
          return Console.log(`${event.name} ${event.version}`)
      }
    }
  })
