import { readFileSync } from "node:fs"
import { join } from "node:path"

type Rows = ReadonlyArray<Array<number>>

interface Fit {
  readonly C: number
  readonly weight: Rows
  readonly bias: Array<number>
  readonly loss: number
}

interface Oracles {
  readonly logistic: { readonly x: Rows; readonly y: Array<number>; readonly fits: ReadonlyArray<Fit> }
  readonly sgd: Record<"x" | "first" | "weight", Rows> & Record<"y" | "bias", Array<number>>
  readonly sphere: Record<"x" | "y", Rows> &
    Record<"alignment" | "alignment1" | "uniformity" | "deviation", number>
  readonly spectrum: {
    readonly x: Rows
    readonly singular: Array<number>
    readonly rankMe: number
    readonly effectiveRank: number
  }
  readonly retrieval: Record<"x" | "queries" | "nearest", Rows> &
    Record<"y" | "precisionAt5" | "averagePrecision", Array<number>>
  readonly votes: Record<"bank" | "queries", Rows> & {
    readonly y: Array<number>
    readonly temperature: number
    /** For each number of neighbours that vote: the votes of each query for each class, and the class with the most. */
    readonly said: ReadonlyArray<{ readonly k: number; readonly votes: Rows; readonly said: Array<number> }>
  }
  readonly clusters: Record<"x" | "confusion", Rows> &
    Record<"y" | "clusters", Array<number>> &
    Record<"inertia" | "best" | "nmi" | "ari", number>
  readonly student: ReadonlyArray<Record<"level" | "degrees" | "t", number>>
}

/** What numpy, scipy and scikit-learn have made of small data: recorded by tools/record-evaluation.py. */
export const oracles: Oracles = JSON.parse(
  readFileSync(join(import.meta.dirname, "fixtures/oracles.json"), "utf8")
)

/** The largest difference of two lists of numbers. */
export const farthest = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY
  return Array.from(a).reduce((most, value, at) => Math.max(most, Math.abs(value - b[at]!)), 0)
}
