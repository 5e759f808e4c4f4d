import * as Escape from "@moco/core/Escape"
import * as Plot from "@observablehq/plot"
import { parseHTML } from "linkedom"
import { largest } from "../extent.ts"
import { ink } from "./palette.ts"
import { fontSize, lineHeight, textWidth, unbroken, wrap } from "./text.ts"

const { document } = parseHTML("<html><body></body></html>")

/** What stands around the plots of a chart. */
interface Frame {
  readonly title: string
  /** Sentences under the title. */
  readonly notes: ReadonlyArray<string>
  readonly panels: ReadonlyArray<Panel>
}

/** A plot and the place of its top left corner, counted from under the notes. */
interface Panel {
  readonly x: number
  readonly y: number
  readonly plot: Plot.PlotOptions & { readonly width: number; readonly height: number }
}

const margin = 12

/** Bold text is wider. */
const titleSize = 1.1 * fontSize.title

/** One SVG: title, notes, and the plots under them, in the colours of a page; `inColours` makes a file of it. */
export const standAlone = ({ notes, panels, title }: Frame): string => {
  const longestWord = largest(title.split(" ").map((word) => textWidth(word, titleSize)))
  const inside = Math.max(Math.ceil(longestWord), ...panels.map(({ plot, x }) => x + plot.width))
  const width = inside + 2 * margin
  const fit = (text: string, size: number) => wrap(text, inside, size).split("\n")
  const titleLines = fit(title, titleSize)
  const noteLines =
    notes.length === 0
      ? []
      : fit(
          notes.map((note, i) => unbroken(i < notes.length - 1 ? `${note};` : note, inside)).join(" "),
          fontSize.text
        )
  const head = margin + titleLines.length * (lineHeight + 2) + noteLines.length * lineHeight + 8
  const height = head + Math.max(...panels.map(({ plot, y }) => y + plot.height)) + margin
  const noteTop = margin + titleLines.length * (lineHeight + 2)
  const body = [
    ...titleLines.map((line, i) =>
      headLine(line, margin + 11 + i * (lineHeight + 2), fontSize.title, "bold")
    ),
    ...noteLines.map((line, i) => headLine(line, noteTop + 11 + i * lineHeight, fontSize.text, "normal")),
    ...panels.map((panel) => inner(panel, head))
  ]
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${Escape.markup(title)}" font-family="DejaVu Sans, sans-serif" font-size="${fontSize.text}" fill="${ink.text}" color="${ink.text}"><rect width="${width}" height="${height}" fill="${ink.ground}"/>
${body.join("\n")}
</svg>
`
  // XML has no place for most of what cannot be seen, not even as an entity.
  return Escape.terminal(svg)
}

const headLine = (text: string, y: number, size: number, weight: string) =>
  `<text x="${margin}" y="${y}" font-size="${size}" font-weight="${weight}"${weight === "bold" ? "" : ` fill="${ink.note}"`}>${Escape.markup(text)}</text>`

/** A plot without what would hide the font and colour of the chart; its style sheet is for web pages. */
const inner = ({ plot, x, y }: Panel, head: number) => {
  const svg = Plot.plot({ ...plot, document })
  for (const name of ["class", "font-family", "font-size", "fill"]) svg.removeAttribute(name)
  svg.querySelector("style")?.remove()
  svg.setAttribute("x", String(margin + x))
  svg.setAttribute("y", String(head + y))
  return svg.outerHTML
}
