import { type Markup, markup } from "../../markup.ts"
import { nameOf } from "./featureMap.ts"
import { type Pictures, picture } from "./pictures.ts"

interface Shown {
  readonly image: number
  readonly label?: number
}

interface NeighbourRow {
  readonly query: Shown & { readonly found: ReadonlyArray<Shown & { readonly similarity: number }> }
  readonly classes: ReadonlyArray<string>
  readonly pictures: Pictures
  /** The picture of the query; those that were found follow. */
  readonly first: number
}

const width = 380
const gap = 4
const queryGap = 12
const textHeight = 17

/** An image and its nearest others, those of another class crossed and framed, as an SVG element of a page. */
export const neighbourRow = ({ classes, first, pictures, query }: NeighbourRow): Markup => {
  const { found } = query
  const side = Math.min(52, (width - queryGap - 4) / (found.length + 1) - gap)
  const name = nameOf(classes, query.label ?? -1)
  const height = side + 2 * textHeight
  return markup`<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-label="nearest images of image ${query.image}, ${name}"><text x="2" y="12">${
    query.label === undefined ? `image ${query.image}` : name
  }</text>${picture(pictures, first, { x: 2, y: textHeight, side })}<rect class="rim plain" x="2" y="${textHeight}" width="${side}" height="${side}"><title>image ${query.image}: ${name}</title></rect>${found.map(
    (other, i) => {
      const x = 2 + side + queryGap + i * (side + gap)
      const isWrong = query.label !== undefined && other.label !== undefined && other.label !== query.label
      const title = `image ${other.image}: ${nameOf(classes, other.label ?? -1)}, similarity ${other.similarity.toFixed(3)}`
      return markup`${picture(pictures, first + 1 + i, { x, y: textHeight, side })}<rect class="rim ${isWrong ? "wrong" : "plain"}" x="${x}" y="${textHeight}" width="${side}" height="${side}"><title>${title}</title></rect>${
        isWrong
          ? markup`<rect class="wrong-ground" x="${x + 1}" y="${textHeight + 1}" width="13" height="13"/><path class="wrong" d="M${x + 3.5} ${textHeight + 3.5}l8 8m0 -8l-8 8"/>`
          : undefined
      }<text class="tick small" x="${x + side / 2}" y="${textHeight + side + 12}" text-anchor="middle">${short(other.similarity)}</text>`
    }
  )}</svg>`
}

/** `.931`: there is room for no more under a picture. */
const short = (similarity: number): string => similarity.toFixed(3).replace(/^(-?)0\./, "$1.")
