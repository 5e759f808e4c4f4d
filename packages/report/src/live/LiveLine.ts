import * as Escape from "@moco/core/Escape"
import { Effect, Terminal } from "effect"
import { TerminalCapabilities } from "effect/cli"

const clearLine = "\r\u001b[2K"

/** Columns where the terminal's width is not known. */
const defaultColumns = 80

/**
 * The last line of a terminal that is drawn over, with lines above it that stay; elsewhere every line stays. What cannot
 * be shown is not worth failing for. The line ends with the Scope.
 */
export const make = Effect.gen(function* () {
  const terminal = yield* Terminal.Terminal
  const { canAnimate, canColor } = yield* TerminalCapabilities.TerminalCapabilities
  /** Whether the cursor stands behind a line that is drawn over. */
  let isDrawn = false
  const display = (text: string) => Effect.ignore(terminal.display(text))

  /** A line that stays, whatever is in it. */
  const print = (foreign: string) =>
    Effect.suspend(() => {
      const line = Escape.line(foreign)
      const text = isDrawn ? `${clearLine}${line}\n` : `${line}\n`
      isDrawn = false
      return display(text)
    })
  /** Draws over the line; `line` is asked for as many columns as there are, or for all it has to say. */
  const draw = Effect.fnUntraced(function* (line: (columns: number | undefined) => string) {
    if (!canAnimate) return yield* print(line(undefined))
    const shown = (columns: number) => Escape.styled(line(columns), Escape.line)
    // 0 where the width is not known. One column stays free: some terminals wrap when the last one is written.
    const columns = ((yield* terminal.columns) || defaultColumns) - 1
    yield* display(`${clearLine}${shown(columns)}`)
    isDrawn = true
  })
  const end = Effect.suspend(() => {
    const text = isDrawn ? display("\n") : Effect.void
    isDrawn = false
    return text
  })
  yield* Effect.addFinalizer(() => end)
  return { canAnimate, canColor, print, draw, end }
})
