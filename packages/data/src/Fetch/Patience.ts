import { Context, type Duration } from "effect"

/** How long a server is waited for, and how often it is asked again. */
export const Patience = Context.Reference<{
  /** For a connection and the first words of an answer. */
  readonly answer: Duration.Input
  /** For the next bytes of a file. */
  readonly stall: Duration.Input
  /** Before a second try; every further wait is twice as long. */
  readonly firstWait: Duration.Input
  /** Tries in a row that bring nothing, after the first. */
  readonly retries: number
}>("@moco/data/Fetch/Patience", {
  defaultValue: () => ({ answer: "30 seconds", stall: "30 seconds", firstWait: "1 second", retries: 5 })
})
