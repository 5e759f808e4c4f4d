import type { Area, Label } from "../labels.ts"
import { lineHeight, numLines, textWidth } from "../text.ts"
import type { Line } from "./layout.ts"

/**
 * Finds room inside the plot for the labels of lines that end early, beside, above or below their last points.
 *
 * @returns undefined where a label would cover data or another label, or a line has no point to stand at: then all need a legend
 */
export const placeInside = (
  lines: ReadonlyArray<Line>,
  all: ReadonlyArray<Line>,
  area: Area,
  obstacles: ReadonlyArray<Area>
): ReadonlyArray<Label> | undefined => {
  const taken = [...obstacles, ...all.flatMap(obstaclesOf)]
  const placed: Array<Label> = []
  for (const { color, name, points } of lines) {
    const end = points.findLast(({ y }) => Number.isFinite(y))
    if (end === undefined) {
      if (points.some(({ isFailed }) => isFailed)) return undefined
      continue
    }
    const size = { width: textWidth(name), height: lineHeight * numLines(name) }
    const box = candidates(end, size).find(
      (box) => isInside(box, area) && !taken.some((other) => meet(box, other))
    )
    if (box === undefined) return undefined
    taken.push(box)
    placed.push({ text: name, color, x: box.left, y: (box.top + box.bottom) / 2 })
  }
  return placed
}

/** Boxes beside, above and below a point, the nearest first. */
const candidates = (
  { x, y }: { readonly x: number; readonly y: number },
  { height, width }: { readonly width: number; readonly height: number }
): ReadonlyArray<Area> =>
  [16, 24, 36].flatMap((away) =>
    [
      { x: x + away, y },
      { x: x - width / 2, y: y - away },
      { x: x - width / 2, y: y + away },
      { x: x + away / 2, y: y - away },
      { x: x + away / 2, y: y + away }
    ].map((start) => ({
      left: start.x,
      right: start.x + width,
      top: start.y - height / 2,
      bottom: start.y + height / 2
    }))
  )

/** What a line covers: its points with their bars and seeds, and the way between them in steps of a few pixels. */
const obstaclesOf = ({ points }: Line): ReadonlyArray<Area> => {
  const drawn = points.filter(({ y }) => Number.isFinite(y))
  return drawn.flatMap(({ ci, seeds, x, y }, i) => {
    const heights = [y, ...seeds, ...(ci === undefined ? [] : [ci.low, ci.high])]
    const bar = {
      left: x - 6,
      right: x + 14,
      top: Math.min(...heights) - 6,
      bottom: Math.max(...heights) + 6
    }
    const next = drawn[i + 1]
    if (next === undefined) return [bar]
    const steps = Math.ceil(Math.hypot(next.x - x, next.y - y) / 4)
    const way = Array.from({ length: steps }, (_, step) =>
      around(x + ((next.x - x) * step) / steps, y + ((next.y - y) * step) / steps)
    )
    return [bar, ...way]
  })
}

const around = (x: number, y: number): Area => ({ left: x - 3, right: x + 3, top: y - 3, bottom: y + 3 })

const isInside = (box: Area, area: Area) =>
  box.left >= area.left && box.right <= area.right && box.top >= area.top && box.bottom <= area.bottom

const meet = (a: Area, b: Area) =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
