import type { RunEvent } from "@moco/train/RunLog"
import { Clock, Context, Effect, Layer } from "effect"
import * as LiveLine from "./LiveLine.ts"
import {
  advance,
  barLine,
  evaluationLine,
  plainLine,
  rolledBackLine,
  type Status,
  standstillLine
} from "./Progress/line.ts"

/** Milliseconds between two redraws of the bar, and between two plain lines. */
const redrawMs = 100
const plainMs = 5_000

/** Shows how a run goes: a live bar on a terminal, now and then a plain line elsewhere. */
export class Progress extends Context.Service<
  Progress,
  {
    /** Tells an event of the run; what cannot be shown is not worth failing for. */
    readonly observe: (event: RunEvent) => Effect.Effect<void>
  }
>()("@moco/report/live/Progress") {
  static readonly layer = Layer.effect(
    Progress,
    Effect.gen(function* () {
      const { canAnimate, canColor, draw, end, print } = yield* LiveLine.make
      const every = canAnimate ? redrawMs : plainMs
      let status: Status | undefined
      let shownAt = Number.NEGATIVE_INFINITY
      return Progress.of({
        observe: Effect.fnUntraced(function* (event) {
          switch (event.event) {
            case "step": {
              const current = advance(status, event)
              status = current
              const now = yield* Clock.currentTimeMillis
              if (now - shownAt < every && current.done < current.numSteps) return
              shownAt = now
              return yield* draw((columns) =>
                columns === undefined ? plainLine(current) : barLine(current, columns, canColor)
              )
            }
            case "evaluation":
              return yield* print(evaluationLine(event))
            case "resumed":
            case "configChanged":
            case "initialised":
            case "diverged":
              return
            case "rolledBack":
              status = undefined
              return yield* print(rolledBackLine(event))
            case "standstill":
              return yield* print(standstillLine(event))
            case "finished":
              return yield* end
          }
        })
      })
    })
  )
}
