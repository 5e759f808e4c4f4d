import { createRequire } from "node:module"

const require = createRequire(import.meta.url)

/** Fonts come with the package and never from the system, so that every machine draws the same pixels. */
const fontFiles = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((file) =>
  require.resolve(`dejavu-fonts-ttf/ttf/${file}`)
)

// Native code. This file is loaded where a picture is drawn (`loadDrawing`), so that a machine that lacks it can train and is
// told what it lacks.
const { Resvg } = require("@resvg/resvg-js") as typeof import("@resvg/resvg-js")

/** Draws a chart as PNG, `width` pixels wide; by default twice as wide as the chart is, for print. */
export const renderPng = (svg: string, width?: number): Uint8Array => {
  const font = { fontFiles, loadSystemFonts: false, defaultFontFamily: "DejaVu Sans" }
  const fitTo =
    width === undefined ? ({ mode: "zoom", value: 2 } as const) : ({ mode: "width", value: width } as const)
  return new Resvg(svg, { fitTo, font }).render().asPng()
}
