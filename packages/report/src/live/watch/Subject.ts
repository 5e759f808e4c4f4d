import type { Effect, FileSystem, Path } from "effect"
import type { Markup } from "../../markup.ts"

/** A part of the page that is replaced where it has changed. */
export interface Part {
  /** Of our own making. Pages of one kind have the same parts in the same order. */
  readonly id: string
  readonly html: Markup
}

/** What a page shows at a time. */
export interface Picture {
  readonly kind: "waiting" | "run" | "study"
  readonly title: string
  readonly parts: ReadonlyArray<Part>
}

export type Files = FileSystem.FileSystem | Path.Path

/** Something on disk that changes, and how it is drawn. Nothing that is wrong with its files makes it fail. */
export interface Subject {
  /** Looks for what is new; whether there is something. */
  readonly look: Effect.Effect<boolean, never, Files>
  readonly draw: Effect.Effect<Picture, never, Files>
}
