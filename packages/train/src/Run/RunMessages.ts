import { Context, Effect } from "effect"

/**
 * Where a run's messages go: a sentence or a few lines, with nothing in them that a terminal would obey. Nowhere, unless
 * somebody provides a place.
 */
export const RunMessages = Context.Reference<{
  /** The run goes as it should. */
  readonly info: (text: string) => Effect.Effect<void>
  /** The run goes on, and somebody may want to do something about it. */
  readonly warning: (text: string) => Effect.Effect<void>
}>("@moco/train/RunMessages", {
  defaultValue: () => ({ info: () => Effect.void, warning: () => Effect.void })
})

export const info = (text: string) => Effect.flatMap(RunMessages, ({ info }) => info(text))

export const warning = (text: string) => Effect.flatMap(RunMessages, ({ warning }) => warning(text))
