import type { Distribution } from "./Measurement.ts"

/** Counts numbers by equal bins from `low` to `high`; what lies beyond is counted in the outermost. */
export const distributionOf = (
  values: Float32Array,
  { bins, high, low }: { readonly low: number; readonly high: number; readonly bins: number }
): Distribution => {
  const counts = new Array<number>(bins).fill(0)
  for (const value of values) {
    const bin = Math.floor(((value - low) / (high - low)) * bins)
    counts[Math.min(bins - 1, Math.max(0, bin))]! += 1
  }
  return { low, high, counts }
}
