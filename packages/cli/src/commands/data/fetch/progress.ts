import type { FetchEvent, Observe } from "@moco/data/Fetch"
import { bytesText } from "@moco/report/bytes"
import { duration } from "@moco/report/duration"
import * as LiveLine from "@moco/report/live/LiveLine"
import { Clock, Duration, Effect } from "effect"
import { byWords } from "../known.ts"

/** Milliseconds between two redraws of the line, and between two plain lines. */
const redrawMs = 100
const plainMs = 5_000

/** Shows how a data set is fetched: a line that is drawn over on a terminal, now and then a plain line elsewhere. */
export const showProgress = Effect.gen(function* () {
  const { canAnimate, draw, print } = yield* LiveLine.make
  const every = canAnimate ? redrawMs : plainMs
  let shownAt = Number.NEGATIVE_INFINITY
  let begun = { at: 0, done: 0 }
  const observe: Observe = Effect.fnUntraced(function* (event) {
    const now = yield* Clock.currentTimeMillis
    switch (event.kind) {
      case "begun":
        begun = { at: now, done: event.done }
        shownAt = now
        return yield* print(begunLine(event))
      case "received":
      case "checked": {
        if (now - shownAt < every) return
        shownAt = now
        const line = event.kind === "checked" ? checkedLine(event) : receivedLine(event, begun, now)
        return yield* draw(() => line)
      }
      default: {
        const line = eventLine(event)
        if (line !== undefined) yield* print(line)
      }
    }
  })
  return observe
})

type Event<Kind extends FetchEvent["kind"]> = FetchEvent & { readonly kind: Kind }

const percentOf = (done: number, total: number): string =>
  `${Math.floor((100 * done) / Math.max(1, total))} %`.padStart(5)

const begunLine = ({ address, done, file, total }: Event<"begun">): string =>
  done === 0
    ? `${file}: ${bytesText(total)} from ${address}`
    : `${file}: goes on behind the first ${bytesText(done)} of ${bytesText(total)}, from ${address}`

const checkedLine = ({ done, file, total }: Event<"checked">): string =>
  `${percentOf(done, total)}  ${file}: checked whether it is the published one`

/** How far a file has come, how fast it comes, and how long it will take. */
const receivedLine = (
  { done, file, total }: Event<"received">,
  begun: { readonly at: number; readonly done: number },
  now: number
): string => {
  const seconds = (now - begun.at) / 1000
  const perSecond = seconds > 0 ? (done - begun.done) / seconds : 0
  const left =
    perSecond > 0
      ? `  ${bytesText(Math.round(perSecond))}/s  ${duration((total - done) / perSecond)} left`
      : ""
  return `${percentOf(done, total)}  ${file}: ${bytesText(done)} of ${bytesText(total)}${left}`
}

/** A line that stays; none for what is no news. */
const eventLine = (
  event: Exclude<FetchEvent, Event<"begun" | "received" | "checked">>
): string | undefined => {
  switch (event.kind) {
    case "wanted":
      return undefined
    case "again":
      return `${event.file}: ${event.problem}; asked again in ${Duration.format(event.wait)}`
    case "anew":
      return `${event.file}: begun anew, for ${event.problem}`
    case "elsewhere":
      return `${event.file}: ${event.problem}; the next address is ${event.address}`
    case "kept":
      return `${event.file}: ${bytesText(event.numBytes)}, right by ${byWords(event.knownBy)}: ${event.path}`
  }
}
