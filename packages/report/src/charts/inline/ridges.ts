import type { Distribution } from "@moco/evaluation/Measurement"
import { largest, smallest } from "../../extent.ts"
import { type Markup, markup, path } from "../../markup.ts"
import { textWidth } from "../text.ts"
import { textSize } from "./frame.ts"
import { linear, ticks, tickText } from "./scale.ts"

/** How something was distributed at one time. */
interface Ridge {
  /** Which of the kinds it is. */
  readonly kind: string
  readonly distribution: Distribution
}

export interface RidgeChart {
  readonly title: string
  /** What is along x. */
  readonly label: string
  /** From the first to the last, which is drawn at the bottom. */
  readonly rows: ReadonlyArray<{ readonly name: string; readonly ridges: ReadonlyArray<Ridge> }>
}

const width = 380
const top = 28
const rowHeight = 34
/** A ridge may reach into the row above. */
const reach = 1.5

/** Distributions one below the other, a row for every time, as an SVG element of a page; a tick at each median. */
export const ridgeChart = ({ label, rows, title }: RidgeChart): Markup => {
  const kinds = [...new Set(rows.flatMap(({ ridges }) => ridges.map(({ kind }) => kind)))]
  const all = rows.flatMap(({ ridges }) => ridges.map(({ distribution }) => distribution))
  const domain = [smallest(all.map(({ low }) => low)), largest(all.map(({ high }) => high))] as const
  const left = 12 + largest(rows.map(({ name }) => textWidth(name, textSize)))
  const x = linear(domain, [left, width - 12])
  const bottom = top + rows.length * rowHeight + (reach - 1) * rowHeight
  const height = bottom + 38
  return markup`<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">${ticks(
    domain,
    5
  ).map(
    (tick) =>
      markup`<line class="grid" x1="${x(tick)}" x2="${x(tick)}" y1="${top}" y2="${bottom}"/><text class="tick" x="${x(tick)}" y="${bottom + 17}" text-anchor="middle">${tickText(tick)}</text>`
  )}${legend(kinds)}${rows.map(({ name, ridges }, row) => {
    const base = bottom - (rows.length - 1 - row) * rowHeight
    return markup`<text class="tick" x="${left - 8}" y="${base - 2}" text-anchor="end">${name}</text><line class="axis" x1="${left}" x2="${width - 12}" y1="${base}" y2="${base}"/>${ridges.map(
      ({ distribution, kind }) => ridgeOf(distribution, `${kind}, ${name}`, kinds.indexOf(kind), base, x)
    )}`
  })}<text class="tick" x="${(left + width) / 2}" y="${height - 5}" text-anchor="middle">${label}</text></svg>`
}

const legend = (kinds: ReadonlyArray<string>): ReadonlyArray<Markup> => {
  let at = 2
  return kinds.map((kind, i) => {
    const x = at
    at += 34 + 0.9 * textWidth(kind, textSize)
    return markup`<rect class="g${i % 7}" x="${x}" y="5" width="14" height="10"/><text x="${x + 19}" y="14">${kind}</text>`
  })
}

const ridgeOf = (
  distribution: Distribution,
  name: string,
  kind: number,
  base: number,
  x: (value: number) => number
): Markup => {
  const { counts, high, low } = distribution
  const most = largest(counts, 1)
  const y = linear([0, most], [base, base - reach * rowHeight + 4])
  const size = (high - low) / counts.length
  const outline = path([
    [x(low), base],
    ...counts.flatMap((count, i) => [
      [x(low + i * size), y(count)] as const,
      [x(low + (i + 1) * size), y(count)] as const
    ]),
    [x(high), base]
  ])
  const [q05, median, q95] = [0.05, 0.5, 0.95].map((part) => quantile(distribution, part))
  const said = [q05, median, q95].map((value) => tickText(Number(value!.toFixed(2)))).join(", ")
  return markup`<path class="ridge g${kind % 7} s${kind % 7}" d="${outline}"><title>${name}: 5 %, median, 95 %: ${said}</title></path><line class="line s${kind % 7}" x1="${x(median!)}" x2="${x(median!)}" y1="${base}" y2="${base + 5}"/>`
}

/** Below which value a part of the numbers lies, evenly within each bin. */
export const quantile = ({ counts, high, low }: Distribution, part: number): number => {
  const size = (high - low) / counts.length
  let rest = part * counts.reduce((sum, count) => sum + count, 0)
  for (const [i, count] of counts.entries()) {
    if (count > 0 && rest <= count) return low + (i + rest / count) * size
    rest -= count
  }
  return high
}
