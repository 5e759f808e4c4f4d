import type { Backend } from "@moco/core/Backend"
import * as OpTrace from "@moco/core/OpTrace"
import { Deferred, Effect, Fiber } from "effect"
import { stepSpan } from "./PretrainStep.ts"
import { type EndedSpan, observeSpans, type SpanObserver } from "./Spans.ts"

/** Which steps are profiled: `numSteps` of them, after `warmUp` others. */
export interface ProfileSettings {
  readonly warmUp: number
  readonly numSteps: number
}

/** The first steps are slower than the others; of twenty a file stays small. */
export const defaultProfile: ProfileSettings = { warmUp: 3, numSteps: 20 }

/** What happened in some steps: their spans, the stages within, and the operations within these. */
export interface Profile {
  /** Steps that are whole. */
  readonly numSteps: number
  /** In the order in which they ended. */
  readonly spans: ReadonlyArray<EndedSpan>
  readonly operations: ReadonlyArray<OpTrace.Operation>
}

/**
 * Profiles training steps while `effect` takes them, and hands the profile over as soon as it is full, beside the
 * training; where there are fewer steps, at the end. It is handed over however the effect ends.
 */
export const profiled =
  <R2>(settings: ProfileSettings, handOver: (profile: Profile) => Effect.Effect<void, never, R2>) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R | R2 | Backend> =>
    Effect.gen(function* () {
      const full = yield* Deferred.make<void>()
      const recorder = record(settings, () => Deferred.doneUnsafe(full, Effect.void))
      // The operations are as they were again before anything is done with the profile.
      const recording = Effect.scoped(
        Effect.andThen(OpTrace.observe(recorder.onOperation), Deferred.await(full))
      )
      const handing = yield* Effect.forkChild(
        Effect.andThen(
          recording,
          Effect.suspend(() => handOver(recorder.profile()))
        ),
        { startImmediately: true }
      )
      const finish = Effect.andThen(Deferred.succeed(full, undefined), Fiber.join(handing))
      return yield* effect.pipe(observeSpans(recorder.observer), Effect.ensuring(finish))
    })

interface Recorder {
  readonly observer: SpanObserver
  readonly onOperation: (operation: OpTrace.Operation) => void
  readonly profile: () => Profile
}

const record = ({ numSteps, warmUp }: ProfileSettings, onFull: () => void): Recorder => {
  const spans: Array<EndedSpan> = []
  const operations: Array<OpTrace.Operation> = []
  let numBegun = 0
  let numWhole = 0
  let isOn = false
  return {
    observer: {
      begun: (name) => {
        if (name !== stepSpan) return
        isOn = numBegun >= warmUp && numWhole < numSteps
        numBegun++
      },
      ended: (span) => {
        if (!isOn) return
        spans.push(span)
        if (span.name !== stepSpan) return
        isOn = false
        numWhole++
        if (numWhole === numSteps) onFull()
      }
    },
    onOperation: (operation) => {
      if (isOn) operations.push(operation)
    },
    profile: () => ({ numSteps: numWhole, spans, operations })
  }
}
