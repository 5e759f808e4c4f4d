import * as Escape from "@moco/core/Escape"
import * as SafeFile from "@moco/core/SafeFile"
import * as Catalog from "@moco/data/Catalog"
import type { Fetchable } from "@moco/data/Catalog/CatalogEntry"
import * as Fetch from "@moco/data/Fetch"
import { cacheDirOf, noCacheDir } from "@moco/native/cacheDir"
import { dataDirsOf } from "@moco/train/dataDirs"
import * as FolderLock from "@moco/train/FolderLock"
import { fileTrouble } from "@moco/train/fileTrouble"
import { RunFolderUnwritable, unwritable } from "@moco/train/RunFolder"
import { Console, Effect, Option, Path } from "effect"
import { Argument, Command } from "effect/cli"
import type { PlatformError } from "effect/PlatformError"
import { FlagsInvalid } from "../../FlagsInvalid.ts"
import { jsonFlag, pathFlag } from "../../flags.ts"
import { showProgress } from "./fetch/progress.ts"
import { proxiesIn } from "./fetch/proxies.ts"
import { isFetchable, knownName } from "./known.ts"

const flags = {
  name: Argument.String("name").pipe(Argument.withDescription(`one of ${Catalog.names.join(", ")}`)),
  from: pathFlag("from", "a file or folder to copy from, in place of a download", "FILE"),
  dataDir: pathFlag("data-dir", "folder that the data set's own is made in (default: the cache)"),
  json: jsonFlag("what is there")
}

/** `moco data fetch`: sees to it that a data set of the catalog is there, and whole. */
export const fetch = Command.make(
  "fetch",
  flags,
  Effect.fn("cli.data.fetch")(function* ({ dataDir, from, json, name: typed }) {
    const name = yield* knownName(typed)
    const entry = Catalog.entryOf(name)
    if (!isFetchable(entry)) {
      yield* Console.log(`${name} comes with this program: npx moco data verify ${name}`)
      if (json) yield* Console.log(JSON.stringify({ name, state: "embedded", files: [] }))
      return
    }
    const named = Option.getOrUndefined(dataDir)
    const folder = yield* folderOf(entry, named)
    const searchDirs = yield* dataDirsOf(named, name)
    const files = yield* fetchInto(entry, { folder, searchDirs, from: Option.getOrUndefined(from) })
    const places = [...new Set(files.map(({ path }) => path))].map((path) => Escape.line(path))
    yield* Console.log(`${name} is there:\n${places.map((path) => `  ${path}`).join("\n")}`)
    const there = named === undefined ? "" : ` --data-dir=${Escape.line(named)}`
    yield* Console.log(`train on it: npx moco train --data=${name}${there}`)
    if (json) yield* Console.log(JSON.stringify({ name, state: "found", files }))
  }, Effect.interruptible)
).pipe(
  Command.withDescription("Get a data set that has a name: find it, download it, or copy it, and check it"),
  Command.withExamples([
    { command: "npx moco data fetch cifar10", description: "from where it is published" },
    { command: "npx moco data fetch stl10 --from=DIR", description: "from files that are there" }
  ])
)

/** Where the files of a data set go. */
const folderOf = Effect.fnUntraced(function* ({ name, place }: Fetchable, dataDir: string | undefined) {
  const path = yield* Path.Path
  if (dataDir !== undefined) return path.join(path.resolve(dataDir), place.folder)
  const cacheDir = cacheDirOf(process.platform, process.env)
  if (cacheDir !== undefined) return path.join(cacheDir, "data", place.folder)
  return yield* new FlagsInvalid({
    flags: `data fetch ${name}`,
    problem: noCacheDir.problem,
    hint: `${noCacheDir.hint}, or with --data-dir`
  })
})

/** What is known of where a data set is, and where it goes. */
type Where = Pick<Fetch.Places, "folder" | "from" | "searchDirs">

const fetchInto = Effect.fnUntraced(function* (entry: Fetchable, where: Where) {
  const show = yield* showProgress
  const observe: Fetch.Observe = (event) =>
    event.kind === "wanted" ? tellWanted(entry, where, event.files) : show(event)
  // Loaded where something may be fetched, and not whenever the program starts.
  const { layerClient } = yield* Effect.promise(() => import("./fetch/client.ts"))
  return yield* Fetch.fetch(entry, { ...where, claim: claim(where.folder) }, observe).pipe(
    Effect.provide(layerClient(process.env)),
    Effect.catchTag("PlatformError", (error) => unwritableIn(where.folder, error))
  )
}, Effect.scoped)

/** Makes the folder, and keeps it from all other processes until the Scope ends. */
const claim = Effect.fnUntraced(function* (folder: string) {
  const path = yield* Path.Path
  yield* unwritable(folder)(SafeFile.makeFolders(folder))
  yield* FolderLock.hold(path.join(folder, "fetch.lock")).pipe(
    Effect.catchTag("FolderLocked", ({ owner }) => {
      const hint = "wait until it has ended, and run it again: nothing is fetched twice"
      return new RunFolderUnwritable({ path: folder, reason: `${owner} is fetching into it`, hint })
    })
  )
})

/** Says which file could not be written, and why. */
const unwritableIn = (folder: string, error: PlatformError) => {
  const at = "pathOrDescriptor" in error.reason ? error.reason.pathOrDescriptor : undefined
  return new RunFolderUnwritable({ path: typeof at === "string" ? at : folder, ...fileTrouble(error) })
}

/** Where it was looked for, and by which package of the system one could have it too. */
const tellWanted = ({ name, place }: Fetchable, { searchDirs }: Where, files: ReadonlyArray<string>) => {
  const dirs = searchDirs.map((dir) => Escape.line(dir)).join(", ")
  const proxy =
    proxiesIn(process.env).httpsProxy === "" ? "" : "\n  connections go through the proxy of HTTPS_PROXY"
  const byPackage =
    place.systemPackage === undefined
      ? ""
      : `\n  it is also a package: apt-get install ${place.systemPackage}`
  return Console.log(
    `${name}: not there, or not right: ${files.map((file) => Escape.line(file)).join(", ")}\n  searched: ${dirs}${byPackage}${proxy}`
  )
}
