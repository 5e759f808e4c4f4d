import * as Escape from "@moco/core/Escape"
import * as Catalog from "@moco/data/Catalog"
import { DatasetMissing } from "@moco/data/Dataset/errors"
import { type Looked, look } from "@moco/data/Inventory"
import { dataDirsOf } from "@moco/train/dataDirs"
import { Console, Effect, Option } from "effect"
import { Argument, Command } from "effect/cli"
import { dataDirFlag, jsonFlag } from "../../flags.ts"
import { byWords, knownName } from "./known.ts"

const flags = {
  name: Argument.String("name").pipe(
    Argument.withDescription("a data set (default: all of which something is there)"),
    Argument.optional
  ),
  dataDir: dataDirFlag,
  json: jsonFlag("what was found")
}

/** `moco data verify`: reads the files of data sets to their end, and says which are the published ones. */
export const verify = Command.make(
  "verify",
  flags,
  Effect.fn("cli.data.verify")(function* ({ dataDir, json, name: typed }) {
    const name = Option.isSome(typed) ? yield* knownName(typed.value) : undefined
    const verified: Array<Verified> = []
    for (const one of name === undefined ? Catalog.names : [name]) {
      const searchDirs = yield* dataDirsOf(Option.getOrUndefined(dataDir), one)
      const files = yield* look(Catalog.entryOf(one), searchDirs, Catalog.installHint(one))
      if (name === undefined && files.every(({ state }) => state === "missing")) continue
      verified.push({ name: one, searchDirs, files })
      for (const file of files) yield* Console.log(lineOf(one, file))
    }
    if (json)
      yield* Console.log(
        JSON.stringify({ datasets: verified.map(({ files, name }) => ({ name, files: files.map(jsonOf) })) })
      )
    yield* refuse(verified)
  }, Effect.interruptible)
).pipe(
  Command.withDescription("Check by their hashes that the files of data sets are the published ones"),
  Command.withExamples([
    { command: "npx moco data verify", description: "all that are there" },
    { command: "npx moco data verify cifar10 --data-dir=sets", description: "one, in a folder of one's own" }
  ])
)

interface Verified {
  readonly name: Catalog.CatalogName
  readonly searchDirs: ReadonlyArray<string>
  readonly files: ReadonlyArray<Looked>
}

const firstLine = (text: string): string => text.split("\n", 1)[0] ?? text

const lineOf = (name: string, looked: Looked): string => {
  switch (looked.state) {
    case "ok":
      return `ok       ${name}: ${Escape.line(looked.path)} (by ${byWords(looked.knownBy)})`
    case "missing":
      return `MISSING  ${name}: ${Escape.line(looked.file)}`
    case "damaged":
      return `DAMAGED  ${name}: ${firstLine(Escape.message(looked.error))}`
  }
}

const jsonOf = (looked: Looked) => {
  if (looked.state !== "damaged") return looked
  const { error, ...rest } = looked
  return { ...rest, problem: firstLine(Escape.message(error)) }
}

/** The first file that is damaged, or missing, ends the program as it would end a run. */
const refuse = Effect.fnUntraced(function* (verified: ReadonlyArray<Verified>) {
  for (const { files } of verified) {
    for (const looked of files) if (looked.state === "damaged") return yield* Effect.fail(looked.error)
  }
  for (const { files, name, searchDirs } of verified) {
    for (const { file, state } of files) {
      if (state !== "missing") continue
      const searched = [...searchDirs]
      return yield* new DatasetMissing({ dataset: name, file, searched, hint: Catalog.installHint(name) })
    }
  }
})
