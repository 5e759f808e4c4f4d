import { settingsOf } from "@moco/train/RunConfig/settings"
import { Console } from "effect"
import { CliOutput } from "effect/cli"
import { helpText } from "./help.ts"
import { usageErrorText } from "./usageError.ts"

/**
 * What the command line says of itself: help in 80 columns, and a wrong command line as its errors alone, with one line
 * of usage, on standard error. Effect's own presenter prints the whole help before the error.
 */
export const layerPresenter = CliOutput.layerPresenter({
  present: (event) => {
    switch (event._tag) {
      case "Help":
        return Console.log(helpText(event.helpDoc))
      case "InvalidInvocation": {
        // Whoever types a setting as a flag is told how to set it.
        const settings = settingsOf({}).map(({ path }) => path)
        return Console.error(usageErrorText(event.helpDoc, event.errors, settings))
      }
      case "Version":
        return Console.log(`${event.name} ${event.version}`)
    }
  }
})
