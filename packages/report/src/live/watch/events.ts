import { Clock, Duration, Effect, Option, PubSub, Stream } from "effect"
import { encoder, Retry } from "effect/encoding/Sse"
import type { Board, Posted } from "./Board.ts"
import { pageName } from "./page.ts"

/** How long a browser waits before it connects again. */
const retryAfter = Duration.seconds(1)
/** A connection that is gone is noticed by what cannot be sent. */
const beatEvery = Duration.seconds(10)
/** The sign of life tells the time: ages are told by this clock, wherever the page is looked at. */
const beat = Effect.map(Clock.currentTimeMillis, (now) =>
  encoder.write({ _tag: "Event", event: "now", id: undefined, data: String(now) })
)

/** What names a version of this board: an era and a number. */
export const nameOf = ({ era }: Board, version: number): string => `${era}-${version}`

/** The number in such a name; 0, before everything, in one of another board. */
export const versionIn = ({ era }: Board, name: string | undefined): number => {
  const [, ofEra, version] = /^(\d+)-(\d{1,15})$/.exec(name ?? "") ?? []
  return ofEra === era ? Number(version) : 0
}

/** Server-sent events: what has changed since a version, and then every change; a sign of life where there is none. */
export const eventsOf = (board: Board, from: number) =>
  Stream.unwrap(
    Effect.gen(function* () {
      const changes = yield* PubSub.subscribe(board.changes)
      yield* board.join
      let sent = from
      const next = Effect.gen(function* () {
        const shown = yield* board.shown
        const parts = shown.parts
          .filter(({ version }) => version > sent)
          .sort((a, b) => a.version - b.version)
        const page = encoder.write({ _tag: "Event", event: "page", id: undefined, data: pageName(shown) })
        sent = parts.at(-1)?.version ?? sent
        return parts.length === 0 ? "" : [page, ...parts.map((part) => partEvent(board, part))].join("")
      })
      const later = Effect.flatMap(Effect.timeoutOption(PubSub.take(changes), beatEvery), (told) =>
        Option.isSome(told) ? next : beat
      )
      const first = Effect.map(
        Effect.all([beat, next]),
        ([now, text]) =>
          `${encoder.write(new Retry({ duration: retryAfter, lastEventId: undefined }))}${now}${text}`
      )
      return Stream.concat(Stream.fromEffect(first), Stream.fromEffectRepeat(later))
    })
  ).pipe(
    Stream.filter((text) => text !== ""),
    Stream.encodeText
  )

const partEvent = (board: Board, { html, id, version }: Posted): string =>
  encoder.write({
    _tag: "Event",
    event: "part",
    id: nameOf(board, version),
    data: JSON.stringify({ id, html })
  })
