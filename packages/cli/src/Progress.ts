import type { RunEvent } from "@moco/train/RunLog"
import { Clock, Context, Effect, Layer, Terminal } from "effect"
import { TerminalCapabilities } from "effect/cli"
import { advance, barLine, evaluationLine, plainLine, type Status } from "./Progress/line.ts"

/** Milliseconds between two redraws of the bar, and between two plain lines. */
const redrawMs = 100
const plainMs = 5_000

const clearLine = "\r\u001b[2K"

/** Shows how a run goes: a live bar on a terminal, now and then a plain line elsewhere. */
export class Progress extends Context.Service<
  Progress,
  {
    /** Tells an event of the run; what cannot be shown is not worth failing for. */
    readonly observe: (event: RunEvent) => Effect.Effect<void>
  }
>()("@moco/cli/Progress") {
  static readonly layer = Layer.effect(
    Progress,
    Effect.gen(function* () {
      const terminal = yield* Terminal.Terminal
      const { canAnimate, canColor } = yield* TerminalCapabilities.TerminalCapabilities
      const every = canAnimate ? redrawMs : plainMs
      let status: Status | undefined
      let shownAt = Number.NEGATIVE_INFINITY
      /** Whether the cursor stands behind a bar. */
      let isDrawn = false
      const display = (text: string) => Effect.ignore(terminal.display(text))

      const endBar = Effect.suspend(() => {
        const end = isDrawn ? display("\n") : Effect.void
        isDrawn = false
        return end
      })
      /** A line that stays, above the bar. */
      const print = (line: string) =>
        Effect.suspend(() => {
          const text = isDrawn ? `${clearLine}${line}\n` : `${line}\n`
          isDrawn = false
          return display(text)
        })
      const draw = Effect.fnUntraced(function* (current: Status) {
        if (!canAnimate) return yield* print(plainLine(current))
        // 0 where the width is not known. One column stays free: some terminals wrap when the last one is written.
        const columns = ((yield* terminal.columns) || 80) - 1
        yield* display(`${clearLine}${barLine(current, columns, canColor)}`)
        isDrawn = true
      })

      yield* Effect.addFinalizer(() => endBar)
      return Progress.of({
        observe: Effect.fnUntraced(function* (event) {
          switch (event.event) {
            case "step": {
              status = advance(status, event)
              const now = yield* Clock.currentTimeMillis
              if (now - shownAt < every && status.done < status.numSteps) return
              shownAt = now
              return yield* draw(status)
            }
            case "evaluation":
              return yield* print(evaluationLine(event))
            case "finished":
              return yield* endBar
          }
        })
      })
    })
  )
}
