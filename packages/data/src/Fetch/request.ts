import { Duration, Effect } from "effect"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import { Patience } from "./Patience.ts"
import { lasting, passing, type Setback, said } from "./Setback.ts"

/** Redirects that are followed, one after the other. */
const maxRedirects = 5

const redirects = [301, 302, 303, 307, 308]

/**
 * The answer of an address, or of where it redirects to. It is open until the Scope ends, whoever reads it or not.
 *
 * Nothing is sent along but what is needed: no cookies, no password, nothing of a trace.
 */
export const get = Effect.fnUntraced(function* (address: string, headers: Readonly<Record<string, string>>) {
  const client = HttpClient.withScope(yield* HttpClient.HttpClient)
  const { answer } = yield* Patience
  let url = new URL(address)
  for (let followed = 0; ; followed++) {
    const asked = HttpClientRequest.get(url, {
      headers: { "accept-encoding": "identity", "user-agent": "moco-effect", ...headers }
    })
    const response = yield* client.execute(asked).pipe(
      Effect.provideService(HttpClient.TracerPropagationEnabled, false),
      Effect.mapError(troubleOf),
      Effect.timeoutOrElse({
        duration: answer,
        orElse: () =>
          Effect.fail(passing(`no answer within ${Duration.format(Duration.fromInputUnsafe(answer))}`))
      })
    )
    if (!redirects.includes(response.status)) return response
    if (followed === maxRedirects) return yield* lasting(`more than ${maxRedirects} redirects`)
    url = yield* redirected(url, response.headers["location"])
  }
})

/** Where a redirect leads; never from an encrypted connection to one that is not, and never to what is no web address. */
export const redirected = (from: URL, location: string | undefined): Effect.Effect<URL, Setback> => {
  if (location === undefined) return Effect.fail(lasting("a redirect that leads nowhere"))
  if (!URL.canParse(location, from.href)) {
    return Effect.fail(lasting(`a redirect to ${said(location)}, which is no address`))
  }
  const to = new URL(location, from.href)
  const isAllowed = to.protocol === "https:" || (to.protocol === "http:" && from.protocol === "http:")
  if (isAllowed) return Effect.succeed(to)
  const why = to.protocol === "http:" ? "which is not encrypted" : "which is no web address"
  // Without a name and password, which may stand in it.
  return Effect.fail(lasting(`a redirect to ${said(`${to.protocol}//${to.host}${to.pathname}`)}, ${why}`))
}

/** What may be over in a moment, by the codes of the system and of the HTTP client. */
const passingCodes = [
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EAI_AGAIN",
  "UND_ERR_SOCKET",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT"
]

const meanings: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection is refused",
  ECONNRESET: "the connection was reset",
  ENOTFOUND: "there is no such server, or no network",
  EAI_AGAIN: "the server's name cannot be looked up: is there a network?",
  ETIMEDOUT: "the server does not answer",
  UND_ERR_SOCKET: "the connection was cut",
  UND_ERR_CONNECT_TIMEOUT: "the server does not answer"
}

/** Why there is no answer. */
export const troubleOf = ({ cause, reason }: HttpClientError): Setback => {
  const inner = "cause" in reason ? reason.cause : cause
  const code = inner instanceof Error && "code" in inner ? String(inner.code) : ""
  const problem = meanings[code] ?? said(inner instanceof Error ? inner.message || code : reason.message)
  return passingCodes.includes(code) ? passing(problem) : lasting(problem)
}
