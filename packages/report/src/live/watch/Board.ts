import { Clock, Effect, PubSub, type Scope, Semaphore } from "effect"
import type { Files, Picture, Subject } from "./Subject.ts"

/** A part of the page as it was drawn last. */
export interface Posted {
  readonly id: string
  readonly html: string
  /** Rises with every change of any part. */
  readonly version: number
}

/** The page as it is now. */
export interface Shown extends Pick<Picture, "kind" | "title"> {
  readonly parts: ReadonlyArray<Posted>
}

/** What every browser is shown. */
export interface Board {
  /** Tells this board from one that was there before. */
  readonly era: string
  /** Looks for what is new, and draws it where somebody looks on. */
  readonly update: Effect.Effect<void, never, Files>
  readonly shown: Effect.Effect<Shown, never, Files>
  /** Told where there is a new version; who is slow misses some, and has to look at the last one alone. */
  readonly changes: PubSub.PubSub<number>
  /** Counts whoever looks on, as long as the Scope is open. */
  readonly join: Effect.Effect<void, never, Scope.Scope>
  readonly numViewers: Effect.Effect<number>
  /** How often the page was drawn. */
  readonly numDrawn: Effect.Effect<number>
}

/** A board of a subject. Where nothing is new nothing is drawn, and a part that is drawn the same is not sent. */
export const makeBoard = Effect.fn("watch.makeBoard")(function* (subject: Subject) {
  const era = String(yield* Clock.currentTimeMillis)
  const changes = yield* PubSub.sliding<number>(1)
  const turn = yield* Semaphore.make(1)
  let [version, numViewers, numDrawn, isOld] = [0, 0, 0, true]
  let shown: Shown = { kind: "waiting", title: "", parts: [] }
  const draw = Effect.gen(function* () {
    if (!isOld) return shown
    isOld = false
    numDrawn++
    const before = version
    const { kind, parts, title } = yield* subject.draw
    const last = new Map(shown.parts.map((part) => [part.id, part]))
    const posted = parts.map(({ html, id }): Posted => {
      const old = last.get(id)
      return old?.html === html.text ? old : { id, html: html.text, version: ++version }
    })
    shown = { kind, title, parts: posted }
    if (version > before) yield* PubSub.publish(changes, version)
    return shown
    // Whoever asked for it may be gone by now, and others wait for it.
  }).pipe(Effect.uninterruptible)
  const update = Effect.gen(function* () {
    if (yield* subject.look) isOld = true
    if (numViewers > 0) yield* draw
  })
  const board: Board = {
    era,
    update: turn.withPermits(1)(update),
    shown: turn.withPermits(1)(draw),
    changes,
    join: Effect.acquireRelease(
      Effect.sync(() => numViewers++),
      () => Effect.sync(() => numViewers--)
    ),
    numViewers: Effect.sync(() => numViewers),
    numDrawn: Effect.sync(() => numDrawn)
  }
  return board
})
