import { type Markup, markup } from "../../markup.ts"
import type { Area } from "../spread.ts"
import { type Scale, ticks, tickText } from "./scale.ts"

/** Size of text in the charts of a page, in its units: as many pixels where a chart has its natural width. */
export const textSize = 11.5

interface Axis {
  readonly domain: readonly [number, number]
  readonly scale: Scale
  readonly label: string
}

/** Grid lines, ticks and names of two axes. */
export const axes = ({ area, x, y }: { readonly area: Area; readonly x: Axis; readonly y: Axis }): Markup => {
  const { bottom, left, right, top } = area
  return markup`${ticks(y.domain, 5).map(
    (tick) =>
      markup`<line class="grid" x1="${left}" x2="${right}" y1="${y.scale(tick)}" y2="${y.scale(tick)}"/><text class="tick" x="${left - 6}" y="${y.scale(tick) + 4}" text-anchor="end">${tickText(tick)}</text>`
  )}${xTicks(x.domain).map(
    (tick) =>
      markup`<line class="axis" x1="${x.scale(tick)}" x2="${x.scale(tick)}" y1="${bottom}" y2="${bottom + 4}"/><text class="tick" x="${x.scale(tick)}" y="${bottom + 17}" text-anchor="middle">${tickText(tick)}</text>`
  )}<line class="axis" x1="${left}" x2="${right}" y1="${bottom}" y2="${bottom}"/><text class="tick" x="${(left + right) / 2}" y="${bottom + 33}" text-anchor="middle">${x.label}</text><text x="2" y="${top - 12}">${y.label}</text>`
}

/** Whole numbers only, where the axis is longer than one: there is no half an epoch to point at. */
const xTicks = (domain: readonly [number, number]): ReadonlyArray<number> => {
  const all = ticks(domain, 6)
  const whole = all.filter(Number.isInteger)
  return domain[1] - domain[0] > 1 && whole.length > 1 ? whole : all
}
