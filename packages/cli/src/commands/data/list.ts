import * as Escape from "@moco/core/Escape"
import * as Catalog from "@moco/data/Catalog"
import { bytesText } from "@moco/report/bytes"
import { dataDirsOf } from "@moco/train/dataDirs"
import { Console, Effect, Option } from "effect"
import { Command } from "effect/cli"
import { dataDirFlag, jsonFlag } from "../../flags.ts"
import { downloadBytes, isFetchable } from "./known.ts"

const flags = { dataDir: dataDirFlag, json: jsonFlag("the data sets") }

/** `moco data list`: the data sets that have a name, and which of them are there. */
export const list = Command.make(
  "list",
  flags,
  Effect.fn("cli.data.list")(function* ({ dataDir, json }) {
    const listed = yield* Effect.forEach(Catalog.names, (name) =>
      listedOf(name, Option.getOrUndefined(dataDir))
    )
    if (json) return yield* Console.log(JSON.stringify({ datasets: listed }))
    yield* Console.log(listed.map(linesOf).join("\n"))
  }, Effect.interruptible)
).pipe(
  Command.withDescription("List the data sets that have a name: what they are, and which are there"),
  Command.withExamples([{ command: "npx moco data list", description: "what there is to train on" }])
)

/** What is told of a data set; `files` are not read, `data verify` does that. */
type Listed = Effect.Success<ReturnType<typeof listedOf>>

const listedOf = Effect.fnUntraced(function* (name: Catalog.CatalogName, dataDir: string | undefined) {
  const entry = Catalog.entryOf(name)
  const { channels, classes, description, numImages, origin, size } = entry
  const found = yield* Catalog.find(name, yield* dataDirsOf(dataDir, name))
  const files = found.map(({ file, path }) => ({ file, path: Option.getOrNull(path) }))
  const numFound = files.filter(({ path }) => path !== null).length
  return {
    name,
    description,
    numImages: numImages.test,
    size: size ?? null,
    channels,
    numClasses: classes?.length ?? null,
    licence: origin.licence ?? null,
    from: origin.from,
    state: numFound === files.length ? "found" : numFound === 0 ? "missing" : "incomplete",
    isEmbedded: entry.place.kind === "embedded",
    files,
    downloadBytes: isFetchable(entry) ? downloadBytes(entry) : 0
  } as const
})

const indent = " ".repeat(18)

const linesOf = (listed: Listed): string => {
  const { channels, licence, name, numClasses, numImages, size } = listed
  const { bank, evaluation, train } = numImages
  const withLabels = bank === undefined ? "" : `${bank} with labels and `
  const images = `${train} images + ${withLabels}${evaluation} to evaluate on`
  const kind = channels === 1 ? "gray" : channels === 3 ? "RGB" : `${channels} channels`
  const pixels = size === null ? "of different sizes" : `${size.height} x ${size.width}`
  const classes = numClasses === null ? "no classes" : `${numClasses} classes`
  const terms = licence === null ? "no licence is published" : `licence ${licence}`
  return `${name.padEnd(18)}${images}, ${pixels} ${kind}, ${classes}; ${terms}\n${indent}${whereOf(listed)}`
}

/** Where a data set is, or how it is had. */
const whereOf = ({ downloadBytes: numBytes, files, isEmbedded, name, state }: Listed): string => {
  const fetched = `npx moco data fetch ${name} (${bytesText(numBytes)})`
  const missing = files.filter(({ path }) => path === null).map(({ file }) => file)
  switch (state) {
    case "found": {
      const [first] = files
      const others = files.length === 1 ? "" : ` and ${files.length - 1} more`
      return `${isEmbedded ? "comes with this program" : "found"}: ${Escape.line(first?.path ?? "")}${others}`
    }
    case "incomplete":
      return `not whole, missing: ${missing.join(", ")}: ${fetched}`
    case "missing":
      return isEmbedded ? `missing: ${Catalog.installHint(name)}` : `not there: ${fetched}`
  }
}
