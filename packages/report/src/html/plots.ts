import { cut } from "@moco/data/Decode/cut"
import { chartStyle, inColours, schemes } from "../charts/inline/style.ts"

/** A plot of a page, as a file of its own. */
export interface PagePlot {
  /** Of what it shows, without an ending: letters, digits and lines between them. */
  readonly name: string
  readonly svg: string
}

/** The grounds that a plot can be made for. */
export type Ground = keyof typeof schemes

/** What a page gives. */
export interface PagePlots {
  readonly plots: ReadonlyArray<PagePlot>
  /** Pictures that cannot be decoded, and why: the plots stand without them. */
  readonly left: ReadonlyArray<string>
}

/**
 * Every plot of a page that `renderPage` has made, each by itself: with the colours of one scheme, the ground that they are
 * for, and the pictures that it shows.
 */
export const plotsOf = async (html: string, ground: Ground): Promise<PagePlots> => {
  const { addresses, left } = await cutOutsOf(html)
  const taken = new Set<string>()
  const plots = charts(html).map((chart) => {
    const name = untaken(nameOf(chart), taken)
    taken.add(name)
    return { name, svg: alone(chart, addresses, ground) }
  })
  return { plots, left }
}

/** A name with a number behind it, where others have it already. */
const untaken = (name: string, taken: ReadonlySet<string>): string => {
  let free = name
  for (let number = 2; taken.has(free); number++) free = `${name}-${number}`
  return free
}

/** The elements of charts, with what is nested in them. */
const charts = (html: string): ReadonlyArray<string> => {
  const found: Array<string> = []
  let [start, depth] = [-1, 0]
  for (const { 0: tag, index } of html.matchAll(/<svg\b[^>]*>|<\/svg>/g)) {
    if (start < 0) {
      if (!tag.startsWith('<svg class="chart')) continue
      start = index
    }
    depth += tag === "</svg>" ? -1 : 1
    if (depth > 0) continue
    found.push(html.slice(start, index + tag.length))
    start = -1
  }
  return found
}

/** A picture that the page holds once, in one of the places where a part of it is shown. */
const shown =
  /<svg (x="[-\d.]+" y="[-\d.]+" width="[-\d.]+" height="[-\d.]+") viewBox="([\d.]+ [\d.]+ [\d.]+ [\d.]+)"><use href="#([\w-]+)"\/><\/svg>/g

const partKey = (id: string, box: string): string => `${id} ${box}`

/** A picture as the page holds it, with its whole size. */
const held = /<image id="([\w-]+)" href="data:[\w/]+;base64,([^"]+)" width="(\d+)" height="(\d+)"\/>/g

/**
 * Addresses of the parts of pictures that are shown anywhere, by {@link partKey}: what draws SVG elsewhere decodes the whole
 * picture for every part of it. One picture after the other, for each takes room.
 */
const cutOutsOf = async (html: string) => {
  const boxes = new Map<string, Set<string>>()
  for (const [, , box, id] of html.matchAll(shown)) {
    boxes.set(id!, (boxes.get(id!) ?? new Set()).add(box!))
  }
  const addresses = new Map<string, string>()
  const left: Array<string> = []
  for (const [, id, base64, width, height] of html.matchAll(held)) {
    const wanted = [...(boxes.get(id!) ?? [])]
    const size = { width: Number(width), height: Number(height) }
    try {
      const files = await cut(Buffer.from(base64!, "base64"), size, wanted.map(partOf))
      for (const [i, box] of wanted.entries()) addresses.set(partKey(id!, box), pngAddress(files[i]!))
    } catch (error) {
      left.push(`${id}: ${error instanceof Error ? error.message : error}`)
    }
  }
  return { addresses, left }
}

const partOf = (box: string) => {
  const [left, top, width, height] = box.split(" ").map(Number) as [number, number, number, number]
  return { left, top, width, height }
}

const pngAddress = (bytes: Uint8Array): string =>
  `data:image/png;base64,${Buffer.from(bytes).toString("base64")}`

/** How wide a plot is, in units of its own: pixels of an SVG, and half of the PNG. */
const plotWidth = 760

/** Beyond the edges, where a height that is rounded up would leave a line. */
const overlap = 4

const alone = (chart: string, cutOuts: ReadonlyMap<string, string>, ground: Ground): string => {
  const scheme = schemes[ground]
  const [width, height] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(chart)!.slice(1).map(Number) as [
    number,
    number
  ]
  const style = `svg{font-family:"DejaVu Sans",sans-serif}${inColours(chartStyle, scheme)}svg.chart{max-width:none}`
  const size = `xmlns="http://www.w3.org/2000/svg" width="${plotWidth}" height="${Math.ceil((plotWidth * height) / width)}"`
  const paper = `<rect x="${-overlap}" y="${-overlap}" width="${width + 2 * overlap}" height="${height + 2 * overlap}" fill="${scheme["card"]}"/>`
  const withPictures = chart.replace(shown, (_, place: string, box: string, id: string) => {
    const address = cutOuts.get(partKey(id, box))
    return address === undefined ? "" : `<image ${place} href="${address}"/>`
  })
  return `${withPictures.replace(/^<svg ([^>]*)>/, `<svg ${size} $1><style>${style}</style>${paper}`)}\n`
}

/** `loss-and-chance` of a chart that is called "Loss, and chance". */
const nameOf = (chart: string): string => {
  const [, label = ""] = /aria-label="([^"]*)"/.exec(chart) ?? []
  const words = label
    .replace(/&[#\w]+;/g, " ")
    .toLowerCase()
    .match(/[a-z0-9]+/g) ?? ["plot"]
  return words.join("-").slice(0, 80)
}
