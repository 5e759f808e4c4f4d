import { createRequire } from "node:module"

const require = createRequire(import.meta.url)

/** Fonts come with the package and never from the system, so that every machine draws the same pixels. */
const fontFiles = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((file) =>
  require.resolve(`dejavu-fonts-ttf/ttf/${file}`)
)

/** Draws a chart as PNG, `width` pixels wide; by default twice as wide as the chart is, for print. */
export const renderPng = (svg: string, width?: number): Uint8Array => {
  // Native code, loaded where a picture is drawn: a machine that lacks it can train.
  const { Resvg } = require("@resvg/resvg-js") as typeof import("@resvg/resvg-js")
  return new Resvg(svg, {
    fitTo: width === undefined ? { mode: "zoom", value: 2 } : { mode: "width", value: width },
    font: { fontFiles, loadSystemFonts: false, defaultFontFamily: "DejaVu Sans" }
  })
    .render()
    .asPng()
}
