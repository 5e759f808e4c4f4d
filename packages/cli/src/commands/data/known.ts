import * as Catalog from "@moco/data/Catalog"
import type { Fetchable } from "@moco/data/Catalog/CatalogEntry"
import type { KnownBy } from "@moco/data/KnownFile"
import { nearest } from "@moco/train/RunConfig/nearest"
import { Effect } from "effect"
import { FlagsInvalid } from "../../FlagsInvalid.ts"

/** The name of a data set that was typed. */
export const knownName = (typed: string): Effect.Effect<Catalog.CatalogName, FlagsInvalid> => {
  const name = Catalog.names.find((known) => known === typed)
  if (name !== undefined) return Effect.succeed(name)
  const near = nearest(typed, Catalog.names)
  return Effect.fail(
    new FlagsInvalid({
      flags: typed,
      problem: "is no data set that has a name",
      hint: `${near === undefined ? "" : `did you mean ${near}? `}names: ${Catalog.names.join(", ")}`
    })
  )
}

/** Whether a data set is to be fetched, and does not come with the program. */
export const isFetchable = (entry: ReturnType<typeof Catalog.entryOf>): entry is Fetchable =>
  entry.place.kind === "installed"

/** By what a file was found to be the published one. */
export const byWords = (knownBy: KnownBy): string =>
  knownBy === "size" || knownBy === "name" ? `its ${knownBy}, which is all that is known` : knownBy

/** Bytes that `data fetch` downloads where nothing of a data set is there. */
export const downloadBytes = ({ place }: Fetchable): number =>
  place.downloads.reduce((total, { numBytes }) => total + numBytes, 0)
