import { Effect, Stream } from "effect"
import type { PlatformError } from "effect/PlatformError"
import type { Unpacked } from "../Catalog/CatalogEntry.ts"
import type { KnownFile } from "../KnownFile.ts"
import { walkParts } from "../Parts/TarGz.ts"
import { targetOf, writeWhole } from "./copy.ts"
import type { Observe } from "./events.ts"

/**
 * Takes a file out of a data set's archive, for what cannot be read as long as it is packed. The name in the archive is only
 * compared, see `TarGz.walkParts`; the file goes where the catalog says.
 *
 * @param archive  its path
 */
export const unpack = Effect.fn("Fetch.unpack")(function* (
  dataset: string,
  archive: string,
  { from }: Unpacked,
  known: KnownFile,
  folder: string,
  observe: Observe
) {
  const { name } = known
  const target = targetOf(folder, known)
  const about = { dataset, searchDirs: [], installHint: `run: npx moco data fetch ${dataset}` }
  let total = 0
  const knownBy = yield* writeWhole(target, known, `${name} in ${archive}`, (write) =>
    Effect.asVoid(
      walkParts<PlatformError>(archive, from, [name], about, (_part, body, size) => {
        let done = 0
        total = size
        const written = Stream.runForEach(body, (bytes) =>
          Effect.andThen(
            write(bytes),
            Effect.suspend(() => {
              done += bytes.length
              return observe({ kind: "received", file: name, done, total })
            })
          )
        )
        return Effect.andThen(observe({ kind: "begun", file: name, address: archive, done, total }), written)
      })
    )
  )
  yield* observe({ kind: "kept", file: name, path: target, numBytes: total, knownBy })
})
