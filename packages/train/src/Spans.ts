import { Clock, Effect, Tracer } from "effect"

/** A span that has ended. */
export interface EndedSpan {
  readonly name: string
  readonly attributes: ReadonlyMap<string, unknown>
  /** Nanoseconds on the monotonic clock, which is never set back. */
  readonly start: bigint
  readonly end: bigint
}

/** What is told about spans while they are passed; it must be quick and must not throw. */
export interface SpanObserver {
  readonly begun?: (name: string) => void
  readonly ended: (span: EndedSpan) => void
}

/** Milliseconds from the beginning of a span, or of anything else that is timed so, to its end. */
export const millisecondsOf = ({ end, start }: Pick<EndedSpan, "start" | "end">): number =>
  Number(end - start) / 1e6

/** Runs an effect and shows `observer` every span in it, in place of the tracer there was. */
export const observeSpans =
  (observer: SpanObserver) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.flatMap(Clock.Clock, (clock) => Effect.withTracer(effect, observingTracer(observer, clock)))

const observingTracer = (observer: SpanObserver, clock: Clock.Clock): Tracer.Tracer =>
  Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      observer.begun?.(options.name)
      // Its own times are the wall clock's.
      const start = clock.monotonicTimeNanosUnsafe()
      const end = span.end.bind(span)
      span.end = (time, exit) => {
        end(time, exit)
        const { attributes, name } = span
        observer.ended({ name, attributes, start, end: clock.monotonicTimeNanosUnsafe() })
      }
      return span
    }
  })
