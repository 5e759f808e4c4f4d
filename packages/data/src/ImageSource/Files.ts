import { createHash } from "node:crypto"
import { Effect } from "effect"
import { DatasetInvalid } from "../Dataset/errors.ts"
import { channelsOfFiles } from "../Decode/decode.ts"
import type { ImageUndecodable } from "../Decode/errors.ts"
import type { LabelledFiles } from "../FileSet/parts.ts"
import type { FileSet } from "../FileSet.ts"
import { type ImageSize, type ImageSource, make } from "../ImageSource.ts"

/** A part of the image files of a set. */
export interface Part extends LabelledFiles {
  readonly classes: ReadonlyArray<string> | undefined
  /** The part of the files, 0..1, that may be no images; with more of them reading fails. */
  readonly maxBad: number
}

/**
 * Image files, decoded when they are asked for. A file that is no image goes into quarantine, and the next one of its
 * class stands in for it wherever it is asked for: what a batch holds is a function of the files alone.
 */
export const sourceOf = (set: FileSet, part: Part): ImageSource => {
  const { classes, files, labels, maxBad } = part
  const quarantine = new Map<number, ImageUndecodable>()
  const nextOf = successors(labels, files.length)
  const placeOf = new Map(set.names.map((name, place) => [name, place]))
  const decodeOne = (index: number) => {
    const known = quarantine.get(index)
    if (known !== undefined) return Effect.fail(known)
    return Effect.tapError(set.decode(placeOf.get(files[index]!)!), (error) =>
      Effect.sync(() => quarantine.set(index, error))
    )
  }

  const readOne = Effect.fnUntraced(function* (index: number) {
    let current = index
    while (true) {
      const result = yield* Effect.result(decodeOne(current))
      if (result._tag === "Success") return result.success
      current = nextOf[current]!
      if (current === index || quarantine.size > maxBad * files.length) {
        return yield* tooManyBad(set.name, part, [...quarantine.values()])
      }
    }
  })

  return make({
    numImages: files.length,
    size:
      set.form === undefined ? { kind: "mixed", sizeOf: undefined } : { kind: "fixed", ...sizeOf(set.form) },
    channels: set.form?.channels ?? channelsOfFiles,
    classes: labels === undefined ? undefined : classes,
    labels,
    provenance: {
      name: set.name,
      sha256: { "names of the files": hashOf(files), ...set.sha256 },
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

const sizeOf = ({ height, width }: ImageSize) => ({ height, width })

/** For every file the next one of its class; after the last one comes the first. */
const successors = (labels: Int32Array | undefined, numFiles: number): Int32Array => {
  const next = new Int32Array(numFiles)
  const rowsOfClass = Map.groupBy(next.keys(), (row) => labels?.[row])
  for (const rows of rowsOfClass.values()) {
    rows.forEach((row, place) => {
      next[row] = rows[(place + 1) % rows.length]!
    })
  }
  return next
}

const hashOf = (files: ReadonlyArray<string>) => createHash("sha256").update(files.join("\n")).digest("hex")

/** How many of the files an error names. */
const maxNamed = 5

const tooManyBad = (dataset: string, { files, maxBad }: Part, bad: ReadonlyArray<ImageUndecodable>) => {
  const named = bad.slice(0, maxNamed).map(({ file, problem }) => `${file} (${problem})`)
  const more = bad.length > maxNamed ? [`and ${bad.length - maxNamed} more`] : []
  return new DatasetInvalid({
    dataset,
    field: "files that are no images",
    value: `${bad.length} of ${files.length} so far`,
    problem: `more than data.files.maxBad (${100 * maxBad} %) allows: ${[...named, ...more].join(", ")}`,
    hint: "replace or remove them, or raise data.files.maxBad"
  })
}
