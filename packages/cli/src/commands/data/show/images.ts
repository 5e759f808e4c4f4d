import type { ImageSource } from "@moco/data/ImageSource"
import { Effect } from "effect"

const perRow = 10
const maxRows = 20

/** Says how many classes have no row, where there are more than are drawn. */
export const describeRows = ({ classes, labels }: ImageSource): ReadonlyArray<string> => {
  const more = labels === undefined ? 0 : (classes?.length ?? 0) - maxRows
  return more > 0 ? [`${maxRows} of ${maxRows + more} classes are drawn, and ${more} more are not`] : []
}

/** Some images of every class, or of all where there are none. */
export const rowsOf = Effect.fnUntraced(function* (train: ImageSource) {
  const { classes, labels } = train
  const groups =
    classes === undefined || labels === undefined
      ? Array.from({ length: Math.min(6, Math.ceil(train.numImages / perRow)) }, (_, row) => ({
          label: "",
          indices: spread(train.numImages, perRow, row)
        }))
      : classes.slice(0, maxRows).map((label, index) => {
          const rows = [...labels.keys()].filter((row) => labels[row] === index)
          return {
            label: `${label} (${rows.length})`,
            indices: spread(rows.length, perRow).map((at) => rows[at]!)
          }
        })
  return yield* Effect.forEach(
    groups.filter(({ indices }) => indices.length > 0),
    ({ indices, label }) => Effect.map(train.read(Int32Array.from(indices)), (images) => ({ label, images }))
  )
})

/** At most `count` places, evenly spread over `length`; `turn` moves them. */
export const spread = (length: number, count: number, turn = 0): ReadonlyArray<number> => {
  const number = Math.min(length, count)
  return Array.from({ length: number }, (_, at) => Math.floor(((at + turn / 7) * length) / number) % length)
}
