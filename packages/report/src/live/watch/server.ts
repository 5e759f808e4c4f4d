import { Clock, Duration, Effect, Stream } from "effect"
import { HttpServer, HttpServerRequest, HttpServerResponse } from "effect/http"
import type { Board } from "./Board.ts"
import { eventsOf, nameOf, versionIn } from "./events.ts"
import { livePage, policy } from "./page.ts"
import type { Files } from "./Subject.ts"

/** Names of this machine for itself. A page that has made its own name lead here has another one. */
const ownHost = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/i

const headers = {
  "cache-control": "no-store",
  "content-security-policy": policy,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff"
}

const refused = (status: number, text: string, more: Readonly<Record<string, string>> = {}) =>
  HttpServerResponse.text(`${text}\n`, { status, headers: { ...headers, ...more } })

/** Answers a request: the page at `/`, what changes in it at `/events`, and nothing else. */
const answer = Effect.fn("watch.answer")(function* (board: Board) {
  const request = yield* HttpServerRequest.HttpServerRequest
  if (!ownHost.test(request.headers["host"] ?? "")) {
    return refused(403, "open this page by the address 127.0.0.1 or localhost")
  }
  if (request.method !== "GET") return refused(405, "this page can be looked at only", { allow: "GET" })
  const [path = "", query = ""] = request.url.split("?")
  switch (path) {
    case "/": {
      const shown = yield* board.shown
      const newest = Math.max(0, ...shown.parts.map(({ version }) => version))
      return HttpServerResponse.text(livePage(shown, nameOf(board, newest), yield* Clock.currentTimeMillis), {
        contentType: "text/html; charset=utf-8",
        headers
      })
    }
    case "/events":
      return yield* events(board, request.headers, new URLSearchParams(query))
    default:
      return refused(404, "there is only /")
  }
})

const events = Effect.fnUntraced(function* (
  board: Board,
  sent: Readonly<Record<string, string | undefined>>,
  query: URLSearchParams
) {
  // Another site can make a browser ask, and could hold connections, though it would not see the answer.
  const site = sent["sec-fetch-site"] ?? "same-origin"
  if (site !== "same-origin" && site !== "none") return refused(403, "this is for its own page alone")
  const from = versionIn(board, sent["last-event-id"] ?? query.get("since") ?? undefined)
  const services = yield* Effect.context<Files>()
  if ((yield* board.numViewers) >= maxViewers) return refused(503, "too many browsers look on already")
  const body = Stream.provideContext(eventsOf(board, from), services)
  return HttpServerResponse.stream(body, { contentType: "text/event-stream", headers })
})

/** Who looks on holds a connection. */
const maxViewers = 64

/** How often files are looked at, and so how often the page changes, at most. */
const usualInterval = Duration.seconds(1)

/** So many times the processor time of an update is waited for the next: a hundredth of one core is taken at most. */
const restFor = 100

/** Even then somebody looks on. */
const longestRest = Duration.toMillis("10 seconds")

/** Serves a board, and keeps it up to date, until it is interrupted. */
export const serveBoard = Effect.fn("watch.serveBoard")(function* (
  board: Board,
  interval: Duration.Input = usualInterval,
  rest = restFor
) {
  yield* HttpServer.serveEffect(answer(board))
  const least = Duration.toMillis(interval)
  const turn = Effect.gen(function* () {
    const before = process.cpuUsage()
    yield* board.update
    const { system, user } = process.cpuUsage(before)
    const took = (user + system) / 1000
    yield* Effect.sleep(Math.max(least, Math.min(rest * took, longestRest)))
  })
  return yield* Effect.forever(turn)
})
