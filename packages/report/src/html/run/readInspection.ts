import * as SafeFile from "@moco/core/SafeFile"
import { Inspection, inspectionFile, type Sprite } from "@moco/evaluation/Inspection"
import type { RunFolder } from "@moco/train/RunFolder"
import { Effect, Path, Schema } from "effect"
import type { Pictures } from "../../charts/inline/pictures.ts"
import { dataAddress } from "../../markup.ts"
import type { Found, Inspected } from "./RunSource.ts"

const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(Inspection))

const maxBytes = 2 ** 24
/** Of a file of pictures. Four of them, a third longer as text, leave room for the rest of a page of 2 MB. */
const maxPictureBytes = 280_000
/** Pixels of a picture's side, and pictures in a file. */
const [maxSide, maxCount] = [4096, 65_536]

/** What stands in a run's folder of an inspection; where there is none, or none that can be read, why. */
export const readInspection = Effect.fn("report.readInspection")(function* ({
  inspection: folder
}: RunFolder) {
  const path = yield* Path.Path
  const file = path.join(folder, inspectionFile)
  const read = Effect.andThen(SafeFile.readText(file, { maxBytes }), decode)
  return yield* Effect.matchEffect(read, {
    onFailure: (error) =>
      Effect.succeed<Found<Inspected>>({
        missing:
          error._tag === "SchemaError"
            ? `inspection/${inspectionFile} is not what this program writes: ${error.message.split("\n")[0]}`
            : `there is no inspection/${inspectionFile} that can be read: the run was not inspected when it ended`
      }),
    onSuccess: (inspection) =>
      Effect.map(
        readPictures(folder, inspection),
        (found): Found<Inspected> => ({ value: { inspection, ...found } })
      )
  })
})

const readPictures = Effect.fnUntraced(function* (
  folder: string,
  { filters, map, neighbours, pairs }: Inspection
) {
  const wanted: ReadonlyArray<readonly [keyof Inspected["pictures"], Sprite | undefined]> = [
    ["thumbnails", map.thumbnails],
    ["neighbours", neighbours.pictures],
    ["pairs", pairs],
    ["filters", filters]
  ]
  const pictures: { -readonly [K in keyof Inspected["pictures"]]: Pictures } = {}
  const left: Array<string> = []
  for (const [id, sprite] of wanted) {
    if (sprite === undefined || sprite.count === 0) continue
    const found = yield* readSprite(folder, sprite)
    if ("reason" in found) left.push(`${sprite.file}: ${found.reason}`)
    else pictures[id] = { id: `pictures-${id}`, sprite, address: dataAddress(found.bytes, found.type) }
  }
  return { pictures, left }
})

/** The bytes of a picture beside the inspection, of a kind that a browser shows. */
const readSprite = Effect.fnUntraced(function* (folder: string, sprite: Sprite) {
  const path = yield* Path.Path
  const { columns, count, file, height, width } = sprite
  if (path.basename(file) !== file || file === "" || file === "." || file === "..") {
    return { reason: "it is no file beside the inspection" }
  }
  if (
    ![width, height, columns].every((size) => size >= 1 && size <= maxSide) ||
    count > maxCount ||
    count < 0
  ) {
    return { reason: "its measures are impossible" }
  }
  return yield* Effect.match(SafeFile.readBytes(path.join(folder, file), { maxBytes: maxPictureBytes }), {
    onFailure: ({ message }) => ({ reason: message.split("\n")[0]! }),
    onSuccess: (bytes) => {
      const type = typeOf(bytes)
      return type === undefined ? { reason: "it is neither PNG nor WebP" } : { bytes, type }
    }
  })
})

const typeOf = (bytes: Uint8Array): "image/png" | "image/webp" | undefined => {
  const ascii = Buffer.from(bytes.subarray(0, 12)).toString("latin1")
  if (ascii.startsWith("\x89PNG\r\n\x1a\n")) return "image/png"
  return ascii.startsWith("RIFF") && ascii.slice(8) === "WEBP" ? "image/webp" : undefined
}
