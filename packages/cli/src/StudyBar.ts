import { type StudyEvent, StudyProgress } from "@moco/train/Study/StudyProgress"
import { Clock, Effect, Layer, Terminal } from "effect"
import { TerminalCapabilities } from "effect/cli"
import { advanceStudy, endedLine, openedLine, type StudyStatus, statusLine } from "./StudyBar/line.ts"

/** Milliseconds between two redraws of the bar, and between two plain lines. */
const redrawMs = 200
const plainMs = 30_000

const clearLine = "\r\u001b[2K"

/** Shows how a study goes: a line for every trial that ends, and below them a live bar, or now and then a plain line. */
export const layerStudyBar = (concurrency: number) =>
  Layer.effect(
    StudyProgress,
    Effect.gen(function* () {
      const terminal = yield* Terminal.Terminal
      const { canAnimate } = yield* TerminalCapabilities.TerminalCapabilities
      let status: StudyStatus | undefined
      let shownAt = Number.NEGATIVE_INFINITY
      let isDrawn = false
      const display = (text: string) => Effect.ignore(terminal.display(text))
      const print = (line: string) =>
        Effect.suspend(() => {
          const text = isDrawn ? `${clearLine}${line}\n` : `${line}\n`
          isDrawn = false
          return display(text)
        })
      const draw = Effect.fnUntraced(function* (now: number) {
        if (status === undefined || now - shownAt < (canAnimate ? redrawMs : plainMs)) return
        shownAt = now
        const columns = ((yield* terminal.columns) || 80) - 1
        const line = statusLine(status, now, canAnimate ? columns : undefined)
        if (!canAnimate) return yield* print(line)
        yield* display(`${clearLine}${line}`)
        isDrawn = true
      })
      yield* Effect.addFinalizer(() => (isDrawn ? display("\n") : Effect.void))
      return StudyProgress.of({
        observe: Effect.fnUntraced(function* (event: StudyEvent) {
          const now = yield* Clock.currentTimeMillis
          status = advanceStudy(status, event, now, concurrency)
          if (event.event === "opened") yield* print(openedLine(status))
          if (event.event === "ended") {
            yield* print(endedLine(event.record))
            // The bar is drawn again at once, below the new line.
            if (canAnimate) shownAt = Number.NEGATIVE_INFINITY
          }
          yield* draw(now)
        })
      })
    })
  )
