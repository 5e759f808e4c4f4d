import { createHash } from "node:crypto"
import { Effect } from "effect"
import { DatasetInvalid } from "../Dataset/errors.ts"
import type { ImageUndecodable } from "../Decode/errors.ts"
import { channelsOfFiles } from "../Decode/options.ts"
import type { LabelledFiles } from "../FileSet/parts.ts"
import type { FileSet } from "../FileSet.ts"
import { type ImageSize, type ImageSource, make } from "../ImageSource.ts"

/** A part of the image files of a set. */
export interface Part extends LabelledFiles {
  readonly classes: ReadonlyArray<string> | undefined
  readonly bad: BadFiles
}

/** How many files of a set were found to be no images, whichever part of it they are in. */
export interface BadFiles {
  /** The part of the set's files, 0..1, that may be no images; with more of them reading fails. */
  readonly max: number
  found: number
}

/**
 * Image files, decoded when they are asked for. A file that is no image goes into quarantine, and the next one of its
 * class stands in for it wherever it is asked for: what a batch holds is a function of the files alone.
 */
export const sourceOf = (set: FileSet, part: Part): ImageSource => {
  const { bad, classes, labels, rows } = part
  const quarantine = new Map<number, ImageUndecodable>()
  const nextOf = successors(labels, rows.length)
  const decodeOne = (index: number) => {
    const known = quarantine.get(index)
    if (known !== undefined) return Effect.fail(known)
    return Effect.tapError(Effect.retry(set.decode(rows[index]!), unread), (error) =>
      Effect.sync(() => {
        // Several readings may have waited for the same file.
        if (!quarantine.has(index)) bad.found++
        quarantine.set(index, error)
      })
    )
  }

  const readOne = Effect.fnUntraced(function* (index: number) {
    let current = index
    while (true) {
      const result = yield* Effect.result(decodeOne(current))
      if (result._tag === "Success") return result.success
      current = nextOf[current]!
      if (areTooMany(bad, set.names.length)) {
        const problem = `more than data.files.maxBad (${Number((100 * bad.max).toPrecision(12))} %) allows`
        return yield* tooManyBad(set, bad, problem, [...quarantine.values()])
      }
      if (current === index) {
        const problem = labels === undefined ? "no file is an image" : "no file of a class is an image"
        return yield* tooManyBad(set, bad, problem, [...quarantine.values()])
      }
    }
  })

  return make({
    numImages: rows.length,
    size:
      set.form === undefined ? { kind: "mixed", sizeOf: undefined } : { kind: "fixed", ...sizeOf(set.form) },
    channels: set.form?.channels ?? channelsOfFiles,
    classes: labels === undefined ? undefined : classes,
    labels,
    provenance: {
      name: set.name,
      sha256: { "names of the files": hashOf(set, rows), ...set.sha256 },
      from: set.path,
      licence: undefined
    },
    read: (indices) => Effect.forEach(Array.from(indices), readOne, { concurrency: "unbounded" }),
    quarantine: Effect.sync(() => {
      const found = [...quarantine].sort(([a], [b]) => a - b)
      return found.map(([, error]) => error)
    })
  })
}

/** A part such as 0.29 is no number of the computer's: 29 of 100 are not more than that. */
export const areTooMany = ({ found, max }: BadFiles, numFiles: number): boolean =>
  found > max * numFiles + 1e-6

/** What was read is no image however often it is; what could not be read may be there the next time. */
const unread = { times: 2, while: ({ isRead }: ImageUndecodable) => !isRead }

const sizeOf = ({ height, width }: ImageSize) => ({ height, width })

/** For every file the next one of its class; after the last one comes the first. */
const successors = (labels: Int32Array | undefined, numFiles: number): Int32Array => {
  const next = new Int32Array(numFiles)
  const firstOf = new Map<number | undefined, number>()
  const lastOf = new Map<number | undefined, number>()
  for (let index = 0; index < numFiles; index++) {
    const label = labels?.[index]
    const last = lastOf.get(label)
    if (last === undefined) firstOf.set(label, index)
    else next[last] = index
    lastOf.set(label, index)
  }
  for (const [label, last] of lastOf) next[last] = firstOf.get(label)!
  return next
}

const hashOf = ({ names }: FileSet, rows: Int32Array) =>
  createHash("sha256")
    .update(Array.from(rows, (row) => names[row]).join("\n"))
    .digest("hex")

/** How many of the files an error names. */
const maxNamed = 5

const tooManyBad = (
  set: FileSet,
  { found }: BadFiles,
  problem: string,
  bad: ReadonlyArray<ImageUndecodable>
) => {
  const named = bad.slice(0, maxNamed).map(({ file, problem }) => `${file} (${problem})`)
  const more = found > named.length ? [`and ${found - named.length} more`] : []
  return new DatasetInvalid({
    dataset: set.name,
    field: "files that are no images",
    value: `${found} of ${set.names.length} so far`,
    problem: `${problem}: ${[...named, ...more].join(", ")}`,
    hint: "replace or remove them, or raise data.files.maxBad"
  })
}
