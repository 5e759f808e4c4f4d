import { lineHeight, numLines } from "./text.ts"

/** A text that belongs to a point of a plot; all in pixels. */
export interface Label {
  /** May have several lines. */
  readonly text: string
  readonly color: string
  /** The point that it belongs to. */
  readonly x: number
  readonly y: number
}

/** The part of a plot between its axes, in pixels. */
export interface Area {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

/**
 * Moves labels apart that would cover each other, altogether as little as can be (least squares, by pooling
 * neighbours), and keeps them inside the area.
 */
export const spread = (
  labels: ReadonlyArray<Label>,
  { bottom, top }: Pick<Area, "bottom" | "top">
): ReadonlyArray<{ readonly label: Label; readonly y: number }> => {
  const sorted = [...labels].sort((a, b) => a.y - b.y)
  let height = 0
  // The place of a label's middle in a column without gaps, and so where that column would have to begin.
  const wanted = sorted.map((label) => {
    const own = lineHeight * numLines(label.text)
    const offset = height + own / 2
    height += own
    return { offset, start: label.y - offset }
  })
  const starts = pooled(wanted.map(({ start }) => start))
  return sorted.map((label, i) => ({
    label,
    y: wanted[i]!.offset + Math.max(top, Math.min(bottom - height, starts[i]!))
  }))
}

/** The nearest numbers that never fall (isotonic regression). */
const pooled = (values: ReadonlyArray<number>): ReadonlyArray<number> => {
  const pools: Array<{ mean: number; size: number }> = []
  for (const value of values) {
    let pool = { mean: value, size: 1 }
    for (let last = pools.at(-1); last !== undefined && last.mean > pool.mean; last = pools.at(-1)) {
      const size = last.size + pool.size
      pool = { mean: (last.mean * last.size + pool.mean * pool.size) / size, size }
      pools.pop()
    }
    pools.push(pool)
  }
  return pools.flatMap(({ mean, size }) => Array<number>(size).fill(mean))
}
