import * as Escape from "@moco/core/Escape"
import { Schema } from "effect"

const BadFile = Schema.Struct({ file: Schema.String, problem: Schema.String })
type BadFile = typeof BadFile.Type

/** Files of the data set that are no images, for which others stood in: how many, and the first of them. */
export const LeftOut = Schema.Struct({ numFiles: Schema.Int, first: Schema.Array(BadFile) })
export type LeftOut = typeof LeftOut.Type

/** Files that are named. */
const maxNamed = 3

/** What is told of the files in a run's `quarantine.json`. */
export const leftOutOf = (files: ReadonlyArray<BadFile>): LeftOut => ({
  numFiles: files.length,
  first: files.slice(0, maxNamed)
})

/** In words, a line for each of the first files; none where there are none. */
export const leftOutLines = ({ first, numFiles }: LeftOut): ReadonlyArray<string> => {
  if (numFiles === 0) return []
  const more = numFiles - first.length
  return [
    `left out: ${numFiles === 1 ? "1 file that is no image" : `${numFiles} files that are no images`}; others stood in`,
    ...first.map(({ file, problem }) => `  ${Escape.line(file)}: ${Escape.line(problem)}`),
    ...(more === 0 ? [] : [`  and ${more} more, in quarantine.json`])
  ]
}
