import { Flag } from "effect/cli"

/** A path that may be named. A variable of the shell that is not set gives an empty one, which names nothing. */
export const pathFlag = (
  name: string,
  description: string,
  metavar: "DIR" | "FILE" | "RUN" | "FILE|RUN" = "DIR"
) => namedFlag(name).pipe(Flag.withDescription(description), Flag.withMetavar(metavar), Flag.optional)

/** A name or a path; an empty one is refused by the flag's own name. */
export const namedFlag = (name: string) =>
  Flag.String(name).pipe(
    Flag.filter(
      (text) => text !== "",
      () => "a path that is not empty"
    )
  )

export const dataDirFlag = pathFlag(
  "data-dir",
  "folder with the files of a data set that does not come with the repository"
)

/** @param what  what is printed, in the plural or with an article */
export const jsonFlag = (what: string) =>
  Flag.Boolean("json").pipe(
    Flag.withDescription(`print ${what} as one JSON object on the last line`),
    Flag.withDefault(false)
  )
