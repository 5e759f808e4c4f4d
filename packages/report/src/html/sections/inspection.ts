import { confusionMatrix } from "../../charts/inline/confusionMatrix.ts"
import { featureMap } from "../../charts/inline/featureMap.ts"
import { neighbourRow } from "../../charts/inline/neighbourRow.ts"
import { pictureGrid } from "../../charts/inline/pictures.ts"
import { type Markup, markup } from "../../markup.ts"
import { card, cards, missing, type Section } from "../page.ts"
import type { Found, Inspected } from "../run/RunSource.ts"
import { howToRead } from "./explain.ts"

/** Rows and pictures in a row that are shown. */
const [maxQueries, maxFound] = [16, 10]
/** Classes whose matrix is drawn. */
const maxClasses = 200

/**
 * What the encoder has made of some images: maps, confusion, neighbours, views, filters.
 *
 * @param numSteps  that the run has taken: the encoder that was looked at may be an older one
 * @param command  what looks at it now, where something does
 */
export const inspection = (
  inspected: Found<Inspected>,
  numSteps: number,
  command?: string
): ReadonlyArray<Section> => {
  if ("missing" in inspected) {
    return [
      {
        id: "features",
        heading: "What the encoder has made of images",
        body: markup`${missing(`Not shown: ${inspected.missing}.`)}${
          command === undefined ? undefined : markup`<p>This makes it: <code>${command}</code></p>`
        }`
      }
    ]
  }
  const { value } = inspected
  const { images, layer, step, subject } = value.inspection
  const part = images.part === "test" ? "images that were not trained on" : "training images"
  const head = markup`<p>The ${subject} after step ${step}, read at its ${layer}; ${images.numImages.toLocaleString("en-US")} images of ${images.name} (${part}).${step === numSteps ? "" : ` The run has gone on since: this is not its last encoder.`}</p>`
  return [
    { id: "features", heading: "Map of the features", body: markup`${head}${maps(value)}${left(value)}` },
    { id: "confusion", heading: "Which classes are mixed up", body: confusion(value) },
    { id: "neighbours", heading: "Nearest neighbours", body: neighbours(value) },
    { id: "views", heading: "What the encoder saw, and what it looks for", body: sheets(value) }
  ]
}

const left = ({ left: files }: Inspected): Markup =>
  files.length === 0 ? markup`` : missing(`Pictures that cannot be shown: ${files.join("; ")}`)

const maps = ({ inspection: { classes = [], map }, pictures }: Inspected): Markup => {
  const { explained, points } = map
  const share = explained.map((part) => `${(100 * part).toFixed(1)} %`).join(" and ")
  const drawn = (
    title: string,
    at: (point: (typeof points)[number]) => readonly [number, number] | undefined
  ) => {
    const placed = points.map((point) => ({
      at: at(point) ?? nowhere,
      ...(point.label === undefined ? {} : { label: point.label })
    }))
    return featureMap({ title, points: placed, classes, thumbnails: pictures.thumbnails })
  }
  if (points.length === 0) return missing("There are no points to draw.")
  const hasUmap = points.some(({ umap }) => umap !== undefined)
  return markup`${cards([
    card(
      "PCA",
      drawn("features by PCA", ({ pca }) => pca),
      `The two directions hold ${share} of the variance.`
    ),
    ...(hasUmap
      ? [
          card(
            "UMAP",
            drawn("features by UMAP", ({ umap }) => umap),
            "Neighbours are kept, distances between groups are not."
          )
        ]
      : [])
  ])}<p class="how">${howToRead.map}</p>`
}

/** A point that a map lacks is not drawn. */
const nowhere = [Number.NaN, Number.NaN] as const

const confusion = ({ inspection: { classes = [], confusion: found } }: Inspected): Markup => {
  if (found === undefined) {
    // Earlier runs left it out where there were many images.
    return missing(
      classes.length > 0
        ? "Not shown: it was not made, of so many images or of images of which none are to evaluate on."
        : "Not shown: the images have no labels."
    )
  }
  const { counts, protocol } = found
  const isSquare = counts.every((row) => row.length === counts.length)
  if (counts.length === 0 || !isSquare) return missing("Not shown: its counts are no square table.")
  if (counts.length > maxClasses) return missing(`Not shown: ${counts.length} classes are too many to see.`)
  const chart = confusionMatrix({ title: "confusion matrix", counts, classes })
  return card("Confusion by kNN", chart, `${howToRead.confusion} Protocol: ${protocol}.`, { isBeside: true })
}

const neighbours = ({ inspection: { classes = [], neighbours: found }, pictures }: Inspected): Markup => {
  const { neighbours: sprite } = pictures
  if (sprite === undefined) return missing("Not shown: there are no pictures of them.")
  let first = 0
  const placed = found.queries.map((query) => {
    const at = first
    first += 1 + query.found.length
    return { query, first: at }
  })
  const rows = placed
    .filter(({ first, query }) => first + query.found.length < sprite.sprite.count)
    .slice(0, maxQueries)
    .map(
      ({ first, query }) =>
        markup`<div>${neighbourRow({ query: { ...query, found: query.found.slice(0, maxFound) }, classes, pictures: sprite, first })}</div>`
    )
  return rows.length === 0
    ? missing("Not shown: there are no pictures of them.")
    : markup`<div class="card"><div class="cards">${rows}</div><p class="how">${howToRead.neighbours}</p></div>`
}

const sheets = ({ pictures: { filters, pairs } }: Inspected): Markup =>
  filters === undefined && pairs === undefined
    ? missing("Not shown: there are no pictures of them.")
    : cards([
        ...(pairs === undefined
          ? []
          : [
              card(
                "Pairs of views",
                pictureGrid({ title: "query and key views", pictures: pairs, columns: 8, group: 2 }),
                howToRead.pairs
              )
            ]),
        ...(filters === undefined
          ? [card("First-layer filters", missing("They have neither 1 nor 3 channels, or no pictures."), "")]
          : [
              card(
                "First-layer filters",
                pictureGrid({ title: "filters of the first layer", pictures: filters, columns: 8 }),
                howToRead.filters
              )
            ])
      ])
