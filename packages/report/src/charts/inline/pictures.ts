import type { Sprite } from "@moco/evaluation/Inspection"
import { type Markup, markup } from "../../markup.ts"

/** Small pictures that are in the page once, and are shown from there wherever they are wanted. */
export interface Pictures {
  /** Of the element in the page; of our own making. */
  readonly id: string
  readonly sprite: Sprite
  /** A `data:` address. */
  readonly address: Markup
}

/** Pixels of the whole file. */
const sizeOf = ({ columns, count, height, width }: Sprite) => ({
  width: columns * width,
  height: Math.ceil(count / columns) * height
})

/** Where the pictures are kept; shows nothing itself. */
export const definitions = (all: ReadonlyArray<Pictures>): Markup =>
  all.length === 0
    ? markup``
    : markup`<svg class="kept" width="0" height="0" aria-hidden="true"><defs>${all.map(
        ({ address, id, sprite }) => {
          const { height, width } = sizeOf(sprite)
          return markup`<image id="${id}" href="${address}" width="${width}" height="${height}"/>`
        }
      )}</defs></svg>`

/** One of the pictures, in a square of a chart. */
export const picture = (
  { id, sprite }: Pictures,
  index: number,
  { side, x, y }: { readonly x: number; readonly y: number; readonly side: number }
): Markup => {
  const { columns, height, width } = sprite
  const [column, row] = [index % columns, Math.floor(index / columns)]
  return markup`<svg x="${x}" y="${y}" width="${side}" height="${side}" viewBox="${column * width} ${row * height} ${width} ${height}"><use href="#${id}"/></svg>`
}

interface PictureGrid {
  readonly title: string
  readonly pictures: Pictures
  /** Pictures in a row. */
  readonly columns: number
  /** Pictures that belong together and stand close. */
  readonly group?: number
}

const gridWidth = 380
/** Between pictures, within and between those that belong together. */
const [within, between] = [3, 10]
/** More pictures than this are too small to see and too many to look at. */
const maxPictures = 256

/** All pictures in rows, in the order of their file, as an SVG element of a page. */
export const pictureGrid = ({ columns, group = 1, pictures, title }: PictureGrid): Markup => {
  const count = Math.min(pictures.sprite.count, maxPictures)
  const gapsBefore = (column: number) => column * within + Math.floor(column / group) * (between - within)
  const side = (gridWidth - gapsBefore(columns - 1)) / columns
  const rows = Math.ceil(count / columns)
  const rowHeight = side + between
  return markup`<svg class="chart" viewBox="0 0 ${gridWidth} ${rows * rowHeight - between}" role="img" aria-label="${title}">${Array.from(
    { length: count },
    (_, i) => {
      const [column, row] = [i % columns, Math.floor(i / columns)]
      return picture(pictures, i, { x: column * side + gapsBefore(column), y: row * rowHeight, side })
    }
  )}</svg>`
}
