import * as Escape from "@moco/core/Escape"
import { tile } from "@moco/data/Decode/tile"
import type { Image } from "@moco/data/ImageSource"
import { renderPng } from "../charts/png.ts"

/** Images that belong together, and what they are. */
export interface GridRow {
  readonly label: string
  readonly images: ReadonlyArray<Image>
}

/** The picture's measures, in pixels. */
const side = 64
const gap = 4
const margin = 16
const labelWidth = 190
const fontSize = 13
const titleHeight = 34
const lineHeight = 18
/** Of a character in the mean, rounded up: a line that is longer than the picture is cut. */
const characterWidth = 8
const headingHeight = 20

/**
 * A picture of images in rows, each with its label; as PNG.
 *
 * @param title  its first line is bold
 * @param headings  what stands above the columns, where anything does
 */
export const imageGrid = async (
  title: ReadonlyArray<string>,
  rows: ReadonlyArray<GridRow>,
  channels: number,
  headings: ReadonlyArray<string> = []
): Promise<Uint8Array> => {
  const pixels = await tile(
    rows.map(({ images }) => images),
    channels,
    { side, gap }
  )
  const columns = Math.max(...rows.map(({ images }) => images.length))
  const hasLabels = rows.some(({ label }) => label !== "")
  const left = margin + (hasLabels ? labelWidth : 0)
  const top = titleHeight + lineHeight * (title.length - 1) + (headings.length > 0 ? headingHeight : 0)
  const [width, height] = [columns * (side + gap) - gap, rows.length * (side + gap) - gap]
  const labels = rows.map(({ label }, row) => {
    const middle = top + row * (side + gap) + side / 2
    return `<text x="${left - 12}" y="${middle + fontSize / 3}" text-anchor="end">${Escape.markup(shortened(label))}</text>`
  })
  const above = headings.map((heading, column) => {
    const middle = left + column * (side + gap) + side / 2
    return `<text x="${middle}" y="${top - 7}" text-anchor="middle">${Escape.markup(heading)}</text>`
  })
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${left + width + margin}" height="${top + height + margin}" font-family="DejaVu Sans" font-size="${fontSize}">`,
    `<rect width="100%" height="100%" fill="white"/>`,
    ...title.map((line, at) => {
      const weight = at === 0 ? "bold" : "normal"
      const text = Escape.markup(shortened(line, (left + width - margin) / characterWidth))
      return `<text x="${margin}" y="${22 + at * lineHeight}" font-weight="${weight}">${text}</text>`
    }),
    ...labels,
    ...above,
    `<image x="${left}" y="${top}" width="${width}" height="${height}" href="data:image/png;base64,${Buffer.from(pixels).toString("base64")}"/>`,
    "</svg>"
  ].join("\n")
  return renderPng(svg, left + width + margin)
}

const maxLabel = 24

const shortened = (text: string, most = maxLabel) =>
  text.length > most ? `${text.slice(0, Math.floor(most) - 1)}…` : text
