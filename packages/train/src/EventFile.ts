import { Clock, Context, Effect, Layer } from "effect"
import { openBuffered } from "./EventFile/buffered.ts"
import {
  type Histogram,
  histogramEvent,
  imageEvent,
  restartEvent,
  type Scalar,
  scalarsEvent
} from "./EventFile/events.ts"

export type { Histogram, Scalar } from "./EventFile/events.ts"

/**
 * What TensorBoard shows of a run. Nothing here fails: a run does not end for a file beside its log. What cannot be written
 * is told once, as a warning.
 */
export class EventFile extends Context.Service<
  EventFile,
  {
    /**
     * Numbers of one step.
     *
     * @param time  when they were measured, in milliseconds since 1970 (default: now)
     */
    readonly scalars: (step: number, scalars: ReadonlyArray<Scalar>, time?: number) => Effect.Effect<void>
    /** How numbers are spread at a step. */
    readonly histogram: (tag: string, step: number, histogram: Histogram) => Effect.Effect<void>
    /** An image at a step: a PNG, with its width and height in pixels. */
    readonly image: (
      tag: string,
      step: number,
      png: Uint8Array,
      width: number,
      height: number
    ) => Effect.Effect<void>
    /** The run goes on at a step, and what was told of it and of later ones is no longer shown, whoever told it. */
    readonly goOnAt: (step: number) => Effect.Effect<void>
    /** Returns when all that was told is handed to the system. */
    readonly flush: Effect.Effect<void>
  }
>()("@moco/train/EventFile") {
  /** A new file in `folder`, beside those that are there; its folder is made with it. */
  static readonly layerFolder = (folder: string) =>
    Layer.effect(
      EventFile,
      Effect.gen(function* () {
        const { add, flush } = yield* openBuffered(folder)
        const momentAt = (step: number) => Effect.map(Clock.currentTimeMillis, (time) => ({ step, time }))
        /** Tags that the file tells about already. */
        const described = new Set<string>()
        const describedOnce = (scalar: Scalar): Scalar => {
          if (described.has(scalar.tag)) return { tag: scalar.tag, value: scalar.value }
          described.add(scalar.tag)
          return scalar
        }
        return EventFile.of({
          scalars: Effect.fnUntraced(function* (step, scalars, time) {
            if (scalars.length === 0) return
            const moment = time === undefined ? yield* momentAt(step) : { step, time }
            yield* add(scalarsEvent(moment, scalars.map(describedOnce)))
          }),
          histogram: (tag, step, histogram) =>
            Effect.flatMap(momentAt(step), (moment) => add(histogramEvent(moment, tag, histogram))),
          image: (tag, step, png, width, height) =>
            Effect.flatMap(momentAt(step), (moment) => add(imageEvent(moment, tag, { png, width, height }))),
          goOnAt: (step) => Effect.flatMap(momentAt(step), (moment) => add(restartEvent(moment))),
          flush
        })
      })
    )
}
