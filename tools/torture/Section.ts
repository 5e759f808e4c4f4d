import type { Effect } from "effect"
import type { Progress } from "./Progress.ts"

/** How much of a proof is run. */
export interface Effort {
  /** The long form, for the committed figures, or a minute's worth. */
  readonly short: boolean
  /** Hostile inputs for each parser, and the parsers that get them, where it is said. */
  readonly inputs?: number | undefined
  readonly only?: ReadonlyArray<string> | undefined
  readonly seed: number
  /** Says how far it is. */
  readonly report: (line: string) => Effect.Effect<void>
  /** Does a part of the proof, unless it was done before a stop. */
  readonly once: Progress["once"]
}

/** Counts of one proof, as they are printed. */
export type Counts = Readonly<Record<string, number | string | ReadonlyArray<string>>>

/** One proof: gives its counts, and whether the promise held. */
export interface Verdict {
  readonly ok: boolean
  readonly counts: Counts
}
