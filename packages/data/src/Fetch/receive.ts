import { Duration, Effect, Result, Schedule, Stream } from "effect"
import type { HttpClientError } from "effect/http/HttpClientError"
import type { Download } from "../Catalog/CatalogEntry.ts"
import { type Head, judge } from "./answer.ts"
import type { Observe } from "./events.ts"
import * as Part from "./Part.ts"
import { Patience } from "./Patience.ts"
import { get } from "./request.ts"
import { lasting, passing, Setback } from "./Setback.ts"

/**
 * Receives a file from an address until its part is as long as the file, see {@link Part}. What may pass is waited for, and
 * what has come by then is gone on with. Whether it is the right file is not known before it is read as a whole.
 */
export const receive = Effect.fn("Fetch.receive")(function* (
  target: string,
  address: string,
  file: Download,
  observe: Observe
) {
  const { firstWait, retries } = yield* Patience
  const numKept = Effect.map(Part.find(target, address, file.numBytes), ({ size }) => size)
  const oneAfterTheOther = attempt(target, address, file, observe).pipe(
    Effect.retry({
      schedule: Schedule.exponential(firstWait).pipe(
        Schedule.setInputType<AttemptError>(),
        Schedule.upTo({ times: retries }),
        Schedule.tap(({ duration: wait, input }) =>
          isPassing(input)
            ? observe({ kind: "again", file: file.name, problem: input.problem, wait })
            : Effect.void
        )
      ),
      while: isPassing
    })
  )
  for (;;) {
    const before = yield* numKept
    const result = yield* Effect.result(oneAfterTheOther)
    if (Result.isSuccess(result)) return
    // Patience is for who gives nothing: a connection that is cut every minute brings a file in the end.
    const isOfUse = (yield* numKept) - before >= enough
    if (!(isPassing(result.failure) && isOfUse)) return yield* Effect.fail(result.failure)
  }
})

type AttemptError = Effect.Error<ReturnType<typeof attempt>>

/** Bytes that show that a connection is of use. */
const enough = 2 ** 20

const isPassing = (error: unknown): error is Setback => error instanceof Setback && error.isPassing

/** Asks once for what is missing of the file, and adds what comes. */
const attempt = Effect.fnUntraced(function* (
  target: string,
  address: string,
  file: Download,
  observe: Observe
) {
  const { name, numBytes } = file
  const part = yield* Part.find(target, address, numBytes)
  if (part.size === numBytes) return
  let answer = yield* ask(address, part, numBytes)
  if (answer.judged.kind === "anew") {
    yield* observe({ kind: "anew", file: name, problem: answer.judged.problem })
    yield* Part.discard(target)
    answer = yield* ask(address, { size: 0, headers: {} }, numBytes)
  }
  const { head, judged, response } = answer
  // The whole was asked for, and there is nothing less to ask for.
  if (judged.kind === "anew") return yield* lasting(judged.problem)
  if (judged.kind === "setback") return yield* judged.setback
  const { start } = judged
  yield* observe({ kind: "begun", file: name, address, done: start, total: numBytes })
  const kept = yield* Part.open(target, start)
  if (start === 0) yield* Part.begin(target, address, numBytes, head)
  yield* append(response.stream, start, file, (bytes) => kept.writeAll(bytes), observe).pipe(
    // What is too long is another file, and so are its first bytes.
    Effect.tapErrorTag("Setback", ({ isPassing }) => (isPassing ? Effect.void : Part.discard(target)))
  )
  yield* kept.sync
}, Effect.scoped)

const ask = Effect.fnUntraced(function* (
  address: string,
  { etag, headers, size }: Part.Part,
  numBytes: number
) {
  const response = yield* get(address, headers)
  const head: Head = { status: response.status, headers: response.headers }
  return { response, head, judged: judge(head, { start: size, numBytes, etag }) }
})

/** Writes what comes behind the first `start` bytes, as it comes, and never more than belongs to the file. */
const append = Effect.fnUntraced(function* <E>(
  body: Stream.Stream<Uint8Array, HttpClientError>,
  start: number,
  { name, numBytes }: Download,
  write: (bytes: Uint8Array) => Effect.Effect<void, E>,
  observe: Observe
) {
  const { stall } = yield* Patience
  let done = start
  const nothingComes = passing(`nothing has come for ${Duration.format(Duration.fromInputUnsafe(stall))}`)
  yield* body.pipe(
    Stream.mapError(() => passing(`the connection ended after ${done} of ${numBytes} bytes`)),
    Stream.timeoutOrElse({ duration: stall, orElse: () => Stream.fail(nothingComes) }),
    Stream.runForEach((bytes) =>
      Effect.suspend((): Effect.Effect<void, E | Setback> => {
        if (done + bytes.length > numBytes) {
          return Effect.fail(
            lasting(`the server sends more than the ${numBytes} bytes of the published file`)
          )
        }
        return Effect.andThen(
          write(bytes),
          Effect.suspend(() => {
            done += bytes.length
            return observe({ kind: "received", file: name, done, total: numBytes })
          })
        )
      })
    )
  )
  if (done < numBytes) return yield* passing(`the connection ended after ${done} of ${numBytes} bytes`)
})
