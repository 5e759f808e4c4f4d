import { largest } from "../../extent.ts"
import { type Markup, markup } from "../../markup.ts"
import { textWidth } from "../text.ts"
import { nameOf } from "./featureMap.ts"
import { textSize } from "./frame.ts"

interface ConfusionMatrix {
  readonly title: string
  /** `counts[label][said]`. */
  readonly counts: ReadonlyArray<ReadonlyArray<number>>
  readonly classes: ReadonlyArray<string>
}

const width = 380

/** Up to so many classes a cell has room for its number. */
const maxWritten = 12
/** And a row for a name. */
const maxNamed = 20
/** From here on the ground of a cell is nearer to its colour than to the page's. */
const isDark = 0.55

/** What images of each class were taken for, in % of the class, as an SVG element of a page. */
export const confusionMatrix = ({ classes, counts, title }: ConfusionMatrix): Markup => {
  const hasNames = counts.length <= maxNamed
  const names = counts.map((_, label) => shortened(nameOf(classes, label)))
  const longest = hasNames ? largest(names.map((name) => 0.92 * textWidth(name, textSize))) : 0
  const left = 20 + longest
  // A name that leans out of the last column.
  const over = Math.max(8, 0.5 * longest - 4)
  const side = Math.min(32, (width - left - over) / counts.length)
  const top = 14 + (hasNames ? 0.86 * longest : 0)
  const height = top + counts.length * side + 26
  return markup`<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}"><text class="tick" transform="translate(11 ${top + (counts.length * side) / 2}) rotate(-90)" text-anchor="middle">true class</text><text class="tick" x="${left + (counts.length * side) / 2}" y="${height - 6}" text-anchor="middle">class that was said</text>${
    hasNames
      ? names.map(
          (name, i) =>
            markup`<text class="tick" x="${left - 5}" y="${top + (i + 0.5) * side + 4}" text-anchor="end">${name}</text><text class="tick" transform="translate(${left + (i + 0.5) * side} ${top - 5}) rotate(-60)">${name}</text>`
        )
      : undefined
  }${counts.flatMap((row, label) => {
    const total = row.reduce((sum, count) => sum + count, 0)
    return row.map((count, said) => {
      const part = total === 0 ? 0 : count / total
      const [x, y] = [left + said * side, top + label * side]
      const text =
        counts.length <= maxWritten && part >= 0.005
          ? markup`<text class="cell ${part > isDark ? "over" : ""}" x="${x + side / 2}" y="${y + side / 2 + 4}" text-anchor="middle">${Math.round(100 * part)}</text>`
          : undefined
      return markup`<rect class="f0 edge" fill-opacity="${part}" x="${x}" y="${y}" width="${side}" height="${side}"><title>${names[label]} taken for ${nameOf(classes, said)}: ${count} of ${total}</title></rect>${text}`
    })
  })}</svg>`
}

const maxName = 14

const shortened = (name: string) => (name.length > maxName ? `${name.slice(0, maxName - 1)}…` : name)
