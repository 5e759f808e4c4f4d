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

/**
 * Every plot of a page that {@link renderPage} has made, each by itself: with the colours of one scheme, the ground that
 * they are for, and the pictures that it shows.
 */
export const plotsOf = async (html: string, ground: Ground): Promise<ReadonlyArray<PagePlot>> => {
  const cutOuts = await cutOutsOf(html)
  const taken = new Map<string, number>()
  return charts(html).map((chart) => {
    const name = nameOf(chart)
    const number = (taken.get(name) ?? 0) + 1
    taken.set(name, number)
    return { name: number === 1 ? name : `${name}-${number}`, svg: alone(chart, cutOuts, ground) }
  })
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

/**
 * Addresses of the parts of pictures that are shown anywhere, by {@link partKey}: what draws SVG elsewhere decodes the whole
 * picture for every part of it.
 */
const cutOutsOf = async (html: string): Promise<ReadonlyMap<string, string>> => {
  const boxes = Map.groupBy(
    new Map(
      Array.from(html.matchAll(shown), ([, , box, id]) => [partKey(id!, box!), { id: id!, box: box! }])
    ).values(),
    ({ id }) => id
  )
  const found = await Promise.all(
    Array.from(
      html.matchAll(/<image id="([\w-]+)" href="data:[\w/]+;base64,([^"]+)"/g),
      async ([, id, base64]) => {
        const wanted = boxes.get(id!) ?? []
        const parts = wanted.map(({ box }) => {
          const [left, top, width, height] = box.split(" ").map(Number) as [number, number, number, number]
          return { left, top, width, height }
        })
        const files = await cut(Buffer.from(base64!, "base64"), parts)
        return wanted.map(
          ({ box }, i) =>
            [partKey(id!, box), `data:image/png;base64,${Buffer.from(files[i]!).toString("base64")}`] as const
        )
      }
    )
  )
  return new Map(found.flat())
}

/** How many pixels a plot is wide. */
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
