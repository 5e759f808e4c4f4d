import { type Markup, markup, path } from "../../markup.ts"
import type { Area } from "../spread.ts"
import { linear, type Scale } from "./scale.ts"

/** A fraction by epoch behind the lines, with an axis of its own at the right. */
export interface Backdrop {
  readonly name: string
  readonly points: ReadonlyArray<{ readonly x: number; readonly value: number }>
}

/** The area under a fraction, from 0 at the bottom of the plot to 1 at its top. */
export const backdropOf = ({ name, points }: Backdrop, area: Area, x: Scale): Markup => {
  const finite = points.filter(({ value }) => Number.isFinite(value))
  const [first, last] = [finite[0], finite.at(-1)]
  if (first === undefined || last === undefined) return markup``
  const y = linear([0, 1], [area.bottom, area.top])
  const outline = path([
    [x(first.x), area.bottom],
    ...finite.map((point) => [x(point.x), y(point.value)] as const),
    [x(last.x), area.bottom]
  ])
  return markup`<path class="backdrop" d="${outline}"><title>${name}</title></path><text class="quiet small" x="${area.right}" y="${area.top - 12}" text-anchor="end">shaded: ${name}</text>`
}
