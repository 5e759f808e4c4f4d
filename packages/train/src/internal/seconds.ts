import { Clock, Effect } from "effect"

/** On a clock that is never set back. */
export const seconds = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / 1e9)
