import { QueryEncoder, weightsOf } from "@moco/core/Encoder"
import * as Tensor from "@moco/core/Tensor"
import { Dataset, evaluatedBy, withLabels } from "@moco/data/Dataset"
import type { ImageSize, ImageSource, Images } from "@moco/data/ImageSource"
import { ViewPairs } from "@moco/data/ViewPairs"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import * as Embedding from "../Embedding.ts"
import type { Inspection } from "../Inspection.ts"
import { floatsOf } from "../onHost.ts"
import { trained } from "../subjects.ts"
import { unitRows } from "../unitRows.ts"
import { comparedIn, confusionOf } from "./confusion.ts"
import { type Found, nearestOthers } from "./neighbours.ts"
import { principalComponents } from "./pca.ts"
import { spread } from "./spread.ts"
import { type DrawnSprite, drawSprite, filterImages, unnormalised } from "./sprites.ts"
import { umap } from "./umap.ts"

/** Images that are drawn as points, those of them that have a thumbnail, queries, and pairs of views. */
const counts = { points: 1500, umap: 600, thumbnails: 150, queries: 16, found: 8, pairs: 16 }
const sides = { thumbnail: 24, neighbour: 40, view: 48, filter: 32 }
/** Of UMAP: 15 neighbours are its authors'. */
const map = { neighbours: 15, epochs: 200 }

/** What is written into a folder: the inspection, and its pictures. */
export interface Inspected {
  readonly inspection: Inspection
  readonly pictures: ReadonlyArray<DrawnSprite>
  /** Features of some images with what they are of, for who looks at them in more dimensions than two. */
  readonly projected: Projected
  /** Pairs of views, and neighbours, as PNG. */
  readonly drawn: { readonly pairs: DrawnSprite; readonly neighbours: DrawnSprite }
}

/** Rows of unit length, their classes, and thumbnails in as many columns as rows. */
interface Projected {
  readonly points: { readonly data: Float32Array; readonly shape: readonly [number, number] }
  readonly labels: Int32Array | undefined
  readonly classes: ReadonlyArray<string> | undefined
  readonly sprite: DrawnSprite
}

/** Looks at what the query encoder makes of images, after `step` steps. Interruptible. */
export const inspect = Effect.fn("inspect")(function* (step: number) {
  const dataset = yield* Dataset
  const subject = yield* trained
  const embedding = yield* Embedding.open(subject)
  const part = dataset.test === undefined ? "train" : "test"
  const source = evaluatedBy(dataset).asked
  const places = spread(source.numImages, lookedAt(dataset.input))
  const row_NC = yield* embedding.rowsAt(part, "backbone", Int32Array.from(places))
  const shown = (image: number) =>
    source.labels === undefined ? { image } : { image, label: source.labels[image]! }

  const mapped = yield* mapOf(row_NC)
  const thumbnails = yield* drawSprite(
    "thumbnails.webp",
    yield* source.read(Int32Array.from(places.slice(0, counts.thumbnails))),
    source.channels,
    { columns: 15, side: sides.thumbnail }
  )
  const queries = places.slice(0, counts.queries)
  const nearest = yield* Tensor.run("Inspection.neighbours", () =>
    nearestOthers(row_NC, [...queries.keys()], counts.found)
  )
  const found = nearest.map(({ rows, similarities }) => ({
    rows: rows.map((row) => places[row]!),
    similarities
  }))
  const neighbours = yield* neighbourPictures(source, queries, found)
  const pairs = yield* pairsOf(step)
  const projected = yield* projectedOf(source, places, mapped.rows, row_NC.shape[1])
  const filters = yield* filtersOf
  const labelled = withLabels(dataset)
  const confusion =
    labelled === undefined ? {} : { confusion: yield* confusionOf(embedding, labelled, comparedIn(labelled)) }
  const inspection: Inspection = {
    format: 1,
    ...{ subject: subject.subject, layer: "backbone", step },
    images: { name: dataset.name, part, numImages: places.length },
    ...(source.classes === undefined ? {} : { classes: source.classes }),
    map: {
      points: places.slice(0, counts.points).map((image, i) => {
        const [point, second] = [mapped.pca.points[i]!, mapped.umap?.[i]]
        return { ...shown(image), pca: point, ...(second === undefined ? {} : { umap: second }) }
      }),
      explained: mapped.pca.explained,
      thumbnails: thumbnails.sprite
    },
    neighbours: {
      queries: queries.map((image, query) => ({
        ...shown(image),
        found: Array.from(found[query]!.rows, (other, i) => ({
          ...shown(other),
          similarity: found[query]!.similarities[i]!
        }))
      })),
      pictures: neighbours.webp.sprite
    },
    ...confusion,
    pairs: pairs.webp.sprite,
    ...(filters === undefined ? {} : { filters: filters.sprite })
  }
  const pictures = [thumbnails, neighbours.webp, pairs.webp, ...(filters === undefined ? [] : [filters])]
  const drawn = { pairs: pairs.png, neighbours: neighbours.png }
  return { inspection, pictures, projected, drawn } satisfies Inspected
}, Effect.scoped)

/**
 * Images that are looked at: fewer of larger ones, for each goes through the encoder once more. 200 are
 * enough for a map.
 */
const lookedAt = ({ height, width }: ImageSize): number =>
  Math.round(Math.min(2000, Math.max(200, (2000 * 32 ** 2) / (height * width))))

/** Both maps of some rows, as they lie on the sphere. */
const mapOf = Effect.fnUntraced(function* (row_NC: tf.Tensor2D) {
  const [numRows, columns] = row_NC.shape
  const rows = yield* Tensor.run("Inspection.rows", () =>
    floatsOf(() => unitRows(tf.slice2d(row_NC, [0, 0], [Math.min(counts.points, numRows), -1])))
  )
  const few = Math.min(counts.umap, numRows)
  const request = {
    rows: Array.from({ length: few }, (_, row) => [...rows.subarray(row * columns, (row + 1) * columns)]),
    ...map,
    seed: 0
  }
  return {
    rows,
    pca: principalComponents(rows, columns),
    umap: few > map.neighbours ? yield* umap(request) : undefined
  }
})

/** Each query, and behind it what was found. */
const neighbourPictures = Effect.fnUntraced(function* (
  source: ImageSource,
  queries: ReadonlyArray<number>,
  found: ReadonlyArray<Found>
) {
  const columns = 1 + (found[0]?.rows.length ?? 0)
  const indices = queries.flatMap((image, query) => [image, ...found[query]!.rows])
  const images = yield* source.read(Int32Array.from(indices))
  return yield* drawTwice("neighbours", images, source.channels, { columns, side: sides.neighbour })
})

/** For a page, and for a program that takes no WebP. */
const drawTwice = (
  name: string,
  images: Images,
  channels: number,
  size: { readonly columns: number; readonly side: number }
) =>
  Effect.all({
    webp: drawSprite(`${name}.webp`, images, channels, size),
    png: drawSprite(`${name}.png`, images, channels, size)
  })

/** The first of the points in all of their dimensions. */
const projectedOf = Effect.fnUntraced(function* (
  source: ImageSource,
  places: ReadonlyArray<number>,
  rows: Float32Array,
  columns: number
) {
  const some = Int32Array.from(places.slice(0, counts.umap))
  const side = Math.ceil(Math.sqrt(some.length))
  const images = yield* source.read(some)
  const size = { columns: side, side: sides.thumbnail }
  const projected: Projected = {
    points: { data: rows.slice(0, some.length * columns), shape: [some.length, columns] },
    labels: source.labels && some.map((image) => source.labels![image]!),
    classes: source.classes,
    sprite: yield* drawSprite("sprite.png", images, source.channels, size)
  }
  return projected
})

/** Query and key views of the last batch, side by side. */
const pairsOf = Effect.fnUntraced(function* (step: number) {
  const dataset = yield* Dataset
  const batch = yield* (yield* ViewPairs).batch(Math.max(0, step - 1))
  const views = yield* Tensor.run("Inspection.pairs", () => {
    const { viewK_NHWC, viewQ_NHWC } = batch.views()
    const some = (view_NHWC: tf.Tensor4D) =>
      tf.slice4d(view_NHWC, [0, 0, 0, 0], [Math.min(counts.pairs, view_NHWC.shape[0]), -1, -1, -1])
    return [viewQ_NHWC, viewK_NHWC].map((view_NHWC) => unnormalised(some(view_NHWC), dataset))
  })
  const [query, key] = views as [Images, Images]
  const images = query.flatMap((view, pair) => [view, key[pair]!])
  const size = { columns: 8, side: sides.view }
  return yield* drawTwice("pairs", images, dataset.input.channels, size)
})

/** The filters of the first layer that sees the images, where they can be shown as images. */
const filtersOf = Effect.gen(function* () {
  const { input } = yield* Dataset
  const query = yield* QueryEncoder
  const { channels } = input
  const first = Object.values(weightsOf(query).parameters).find(
    ({ shape }) => shape.length === 4 && shape[2] === channels
  )
  if (first === undefined || !(channels === 1 || channels === 3)) return undefined
  const images = yield* Tensor.run("Inspection.filters", () => filterImages(first as tf.Tensor4D))
  return yield* drawSprite("filters.webp", images, channels, { columns: 16, side: sides.filter })
})
