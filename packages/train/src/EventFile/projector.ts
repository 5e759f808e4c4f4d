import { join } from "node:path"
import * as SafeFile from "@moco/core/SafeFile"
import { Effect, Schema } from "effect"
import { unwritable } from "../RunFolder/errors.ts"

/** Points to be looked at in TensorBoard's projector, and what is known of each. */
export interface Embedding {
  /** Features, one row a point [N,C]. */
  readonly points: { readonly data: Float32Array; readonly shape: readonly [number, number] }
  /** Class of every point, counted from 0 [N]. */
  readonly labels?: ArrayLike<number> | undefined
  /** Names of the classes by their label. */
  readonly classes?: ReadonlyArray<string> | undefined
  /**
   * All images in one PNG, as many columns as rows, in the order of the points; width and height of a single image, in
   * pixels. A browser takes 8192 x 8192 pixels at most.
   */
  readonly sprite?: { readonly png: Uint8Array; readonly width: number; readonly height: number } | undefined
}

/** Points that cannot be shown. */
export class EmbeddingInvalid extends Schema.TaggedError<EmbeddingInvalid>()("EmbeddingInvalid", {
  folder: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `no embedding is written to ${this.folder}: ${this.problem}`
  }
}

export const projectorFiles = {
  points: "tensors.tsv",
  about: "metadata.tsv",
  sprite: "sprite.png",
  config: "projector_config.pbtxt"
} as const

/**
 * Writes points for TensorBoard's projector into `folder`, the one with the run's event files, in place of those that are
 * there: `tensors.tsv`, `metadata.tsv` where there are labels, `sprite.png` where there is one, and last
 * `projector_config.pbtxt`, which names them. The folder must be there, or its parent.
 */
export const writeProjector = Effect.fn("writeProjector")(function* (folder: string, embedding: Embedding) {
  const problem = problemOf(embedding)
  if (problem !== undefined) return yield* new EmbeddingInvalid({ folder, problem })
  const { labels, points, sprite } = embedding
  const write = Effect.fnUntraced(function* (name: string, content: string | Uint8Array) {
    const path = join(folder, name)
    yield* unwritable(path)(
      typeof content === "string" ? SafeFile.replaceText(path, content) : SafeFile.replace(path, content)
    )
  })
  yield* unwritable(folder)(SafeFile.makeFolder(folder))
  yield* write(projectorFiles.points, pointsText(points))
  if (labels !== undefined) yield* write(projectorFiles.about, aboutText(labels, embedding.classes))
  if (sprite !== undefined) yield* write(projectorFiles.sprite, sprite.png)
  yield* write(projectorFiles.config, configText(embedding))
})

const problemOf = ({ classes, labels, points: { data, shape } }: Embedding): string | undefined => {
  const [numPoints, numNumbers] = shape
  if (numPoints < 1 || numNumbers < 1) return "there are no points"
  if (data.length !== numPoints * numNumbers) {
    return `${data.length} numbers are no ${numPoints} points of ${numNumbers} numbers each`
  }
  const none = data.findIndex((value) => !Number.isFinite(value))
  if (none >= 0) return `point ${Math.floor(none / numNumbers)} holds ${data[none]}`
  if (labels === undefined) return undefined
  if (labels.length !== numPoints) return `there are ${labels.length} labels for ${numPoints} points`
  const nameless = Array.from(labels).find((label) => classes !== undefined && classes[label] === undefined)
  return nameless === undefined ? undefined : `label ${nameless} is none of the ${classes?.length} classes`
}

const pointsText = ({ data, shape: [numPoints, numNumbers] }: Embedding["points"]): string =>
  Array.from(
    { length: numPoints },
    (_, point) =>
      `${Array.from(data.subarray(point * numNumbers, (point + 1) * numNumbers), shortest).join("\t")}\n`
  ).join("")

/** A float32 in as many digits as tell it from all others: seven mostly, nine always. */
const shortest = (value: number): string => {
  const short = Number(value.toPrecision(7))
  return String(Math.fround(short) === value ? short : Number(value.toPrecision(9)))
}

/** A single column has no heading; two have. */
const aboutText = (labels: ArrayLike<number>, classes: ReadonlyArray<string> | undefined): string => {
  const rows = Array.from(labels, (label) =>
    classes === undefined ? `${label}\n` : `${inOneCell(classes[label]!)}\t${label}\n`
  )
  return `${classes === undefined ? "" : "class\tlabel\n"}${rows.join("")}`
}

/** A tab would begin another cell, and the end of a line another point. */
const inOneCell = (name: string): string => name.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ")

const configText = ({ labels, points, sprite }: Embedding): string =>
  [
    "embeddings {",
    '  tensor_name: "features"',
    ...points.shape.map((size) => `  tensor_shape: ${size}`),
    `  tensor_path: "${projectorFiles.points}"`,
    ...(labels === undefined ? [] : [`  metadata_path: "${projectorFiles.about}"`]),
    ...(sprite === undefined
      ? []
      : [
          "  sprite {",
          `    image_path: "${projectorFiles.sprite}"`,
          `    single_image_dim: ${sprite.width}`,
          `    single_image_dim: ${sprite.height}`,
          "  }"
        ]),
    "}",
    ""
  ].join("\n")
