import { categories, darkCategories, darkShades, shades } from "../categories.ts"

/** Colours by name, of a page and of the charts in it; `c0`, `c1`, ... are those of the series, `q0`, `q1`, ... of numbers that grow. */
type Scheme = Readonly<Record<string, string>>

const numbered = (letter: string, colours: ReadonlyArray<string>): Scheme =>
  Object.fromEntries(colours.map((colour, i) => [`${letter}${i}`, colour]))

const light: Scheme = {
  ...{ ground: "#f5f6f7", card: "#fff", text: "#1d2126", quiet: "#555c64", line: "#d8dce0", grid: "#e6e9ec" },
  ...{ bad: "#b3261e", "bad-ground": "#fdecea", "note-ground": "#eaf2fb", backdrop: "#e4e8ec" },
  ...numbered("c", categories),
  ...numbered("q", shades)
}

const dark: Scheme = {
  ...{
    ground: "#14171a",
    card: "#1d2126",
    text: "#e8eaed",
    quiet: "#a9b0b8",
    line: "#3a4048",
    grid: "#2d3238"
  },
  ...{ bad: "#ff8a80", "bad-ground": "#3b1f1e", "note-ground": "#1b2a3a", backdrop: "#2a2f36" },
  ...numbered("c", darkCategories),
  ...numbered("q", darkShades)
}

export const schemes = { light, dark } as const

const series = categories
  .map(
    (_, i) => `.s${i}{stroke:var(--c${i})}.f${i}{fill:var(--c${i})}.g${i}{fill:var(--c${i});fill-opacity:.3}`
  )
  .join("\n")

/** What charts look like, in the colours of a scheme, which the page has or {@link inColours} puts in. */
export const chartStyle = `svg.chart{display:block;width:100%;max-width:520px;height:auto;margin:0 auto;font-size:11.5px;fill:var(--text);overflow:visible}
svg.kept{position:absolute}
.grid{stroke:var(--grid)}.axis{stroke:var(--quiet);stroke-width:.8}
.tick,svg .quiet{fill:var(--quiet)}.small{font-size:10.5px}
.line{fill:none;stroke-width:1.8;stroke-linejoin:round}
.d1{stroke-dasharray:6 3}.d2{stroke-dasharray:2 3}
.level{stroke:var(--quiet);stroke-dasharray:5 4}.leader{stroke:var(--quiet);stroke-width:.7;stroke-opacity:.6}
.moment{stroke:var(--bad);stroke-dasharray:2 3}
.whisker{stroke-width:1.4}
.backdrop{fill:var(--backdrop)}
.ridge{stroke-width:1}
.bad{fill:var(--bad)}
.stamp{stroke-width:1.2;fill-opacity:.8;stroke-opacity:.75}
.stamp.dot{fill:none;stroke-width:4;stroke-linecap:round}
.stamp.cross{fill:none;stroke-width:1.3}
.n{stroke:var(--quiet)}
.rim{fill:none;stroke-width:1.4}.rim.plain{stroke:var(--line)}
rect.rim.wrong{stroke:var(--bad);stroke-width:2.2}path.wrong{stroke:var(--bad);stroke-width:2.4;fill:none}.wrong-ground{fill:var(--card)}
.halo{font-weight:600;font-size:12px;paint-order:stroke;stroke:var(--card);stroke-width:3.5px;stroke-linejoin:round}
.edge{stroke:var(--grid);stroke-width:.6}
.cell{font-size:10.5px}.cell.over{fill:var(--card)}
svg image,svg svg{image-rendering:pixelated}
${series}
`

/** A style, or a picture, with the colours of a scheme in place of their names, for what knows no names. */
export const inColours = (text: string, scheme: Scheme): string =>
  text.replace(/var\(--([\w-]+)\)/g, (name, key: string) => scheme[key] ?? name)
