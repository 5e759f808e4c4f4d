import { Schema } from "effect"
import { EncoderLayer } from "./Embedding.ts"

/** Small pictures of one size in one file, row after row. */
export const Sprite = Schema.Struct({
  /** PNG or WebP, beside the file that names it. */
  file: Schema.String,
  /** Of one picture, pixels. */
  width: Schema.Int,
  height: Schema.Int,
  /** Pictures in a row. */
  columns: Schema.Int,
  count: Schema.Int
})
export type Sprite = typeof Sprite.Type

const Point = Schema.Tuple([Schema.Finite, Schema.Finite])

/** An image by its place in the part that was looked at, with its class where it has one. */
const Shown = { image: Schema.Int, label: Schema.optionalKey(Schema.Int) }

/**
 * What an encoder has made of some images, to be looked at: made at the end of a run, drawn by its report. Pictures stand
 * beside it, in the order of what they show.
 */
export const Inspection = Schema.Struct({
  format: Schema.Literal(1),
  subject: Schema.String,
  layer: EncoderLayer,
  /** Steps that the encoder had taken. */
  step: Schema.Int,
  /** The images: those that are evaluated on, or where there are none those of training. */
  images: Schema.Struct({
    name: Schema.String,
    part: Schema.Literals(["train", "test"]),
    numImages: Schema.Int
  }),
  classes: Schema.optionalKey(Schema.Array(Schema.String)),
  /** Features of some images in two dimensions. */
  map: Schema.Struct({
    points: Schema.Array(Schema.Struct({ ...Shown, pca: Point, umap: Schema.optionalKey(Point) })),
    /** Part of the variance that each of the two principal components holds. */
    explained: Point,
    /** Thumbnails of the first of the points. */
    thumbnails: Sprite
  }),
  /** The nearest others of some images, by cosine. The sprite shows each query and then those that were found. */
  neighbours: Schema.Struct({
    queries: Schema.Array(
      Schema.Struct({
        ...Shown,
        found: Schema.Array(Schema.Struct({ ...Shown, similarity: Schema.Finite }))
      })
    ),
    pictures: Sprite
  }),
  /** `counts[label][said]` by weighted kNN, where there are labels. */
  confusion: Schema.optionalKey(
    Schema.Struct({ protocol: Schema.String, counts: Schema.Array(Schema.Array(Schema.Int)) })
  ),
  /** Query and key views side by side, as the encoder saw them. */
  pairs: Sprite,
  /** The filters of the first layer, where they have 1 or 3 channels. */
  filters: Schema.optionalKey(Sprite)
})
export type Inspection = typeof Inspection.Type

/** Its file, in a folder of its own within a run's. */
export const inspectionFile = "inspection.json"
