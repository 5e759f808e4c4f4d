import type { Console } from "effect/Console"
import * as Escape from "./Escape.ts"

/** A console that shows whatever a program says, once `escape` has been at it. */
const through = (escape: (text: string) => string): Console => {
  const show =
    (method: "debug" | "error" | "info" | "log" | "warn") =>
    (...args: ReadonlyArray<unknown>) =>
      console[method](...args.map((arg) => (typeof arg === "string" ? escape(arg) : arg)))
  const shown = {
    debug: show("debug"),
    error: show("error"),
    info: show("info"),
    log: show("log"),
    warn: show("warn")
  }
  return Object.assign(Object.create(console), shown)
}

/** The door to the terminal for what commands say: no text, wherever it is from, leads the terminal. */
export const escapedConsole: Console = through(Escape.terminal)

/** The door for the help of the command line, which is our own text and coloured. */
export const helpConsole: Console = through((text) => Escape.styled(text, Escape.terminal))
