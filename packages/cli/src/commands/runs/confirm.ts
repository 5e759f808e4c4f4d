import { Context, Effect } from "effect"
import { Prompt } from "effect/cli"

/** Whether somebody sits at a terminal who can be asked. */
export const IsInteractive = Context.Reference<boolean>("@moco/cli/IsInteractive", {
  defaultValue: () => process.stdin.isTTY === true && process.stdout.isTTY === true
})

/** Asks on the terminal; what is not said to be wanted is not. Ctrl-C stops the program. */
export const confirm = (message: string) =>
  Prompt.run(Prompt.Confirm({ message, initial: false })).pipe(
    Effect.catchTag("QuitError", () => Effect.interrupt),
    Effect.interruptible
  )
