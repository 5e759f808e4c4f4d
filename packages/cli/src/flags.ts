import { Flag } from "effect/cli"

/** A folder that may be named. */
export const folderFlag = (name: string, description: string) =>
  Flag.String(name).pipe(Flag.withDescription(description), Flag.withMetavar("DIR"), Flag.optional)

export const dataDirFlag = folderFlag(
  "data-dir",
  "folder with the files of a data set that does not come with the repository"
)

/** @param what  what is printed, in the plural or with an article */
export const jsonFlag = (what: string) =>
  Flag.Boolean("json").pipe(
    Flag.withDescription(`print ${what} as one JSON object on the last line`),
    Flag.withDefault(false)
  )
