import { type StudyEvent, StudyProgress } from "@moco/study/StudyProgress"
import { Clock, Effect, Layer } from "effect"
import * as LiveLine from "./LiveLine.ts"
import { advanceStudy, endedLine, openedLine, type StudyStatus, statusLine } from "./StudyBar/line.ts"

/** Milliseconds between two redraws of the bar, and between two plain lines. */
const redrawMs = 200
const plainMs = 30_000

/** Shows how a study goes: a line for every trial that ends, and below them a live bar, or now and then a plain line. */
export const layerStudyBar = (concurrency: number) =>
  Layer.effect(
    StudyProgress,
    Effect.gen(function* () {
      const { canAnimate, draw, print } = yield* LiveLine.make
      const every = canAnimate ? redrawMs : plainMs
      let status: StudyStatus | undefined
      let shownAt = Number.NEGATIVE_INFINITY
      return StudyProgress.of({
        observe: Effect.fnUntraced(function* (event: StudyEvent) {
          const now = yield* Clock.currentTimeMillis
          const current = advanceStudy(status, event, now, concurrency)
          status = current
          if (event.event === "opened") yield* print(openedLine(current))
          if (event.event === "ended") yield* print(endedLine(event.record))
          // A line has pushed the bar away, so it is drawn again below it at once.
          const isPushed = canAnimate && event.event === "ended"
          if (now - shownAt < every && !isPushed) return
          shownAt = now
          yield* draw((columns) => statusLine(current, now, columns))
        })
      })
    })
  )
