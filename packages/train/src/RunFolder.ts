import * as SafeFile from "@moco/core/SafeFile"
import { Effect, FileSystem, Path, Schema } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { recover } from "./Checkpoint/store.ts"
import { cardText, type EncoderCard } from "./EncoderCard.ts"
import * as FolderLock from "./FolderLock.ts"
import { hold as holdPath } from "./internal/stillThere.ts"
import { RunConfig } from "./RunConfig.ts"
import { contentsOf, refuseStrange } from "./RunFolder/contents.ts"
import type { Environment } from "./RunFolder/environment.ts"
import { RunFolderUnwritable, reachedItsEnd, unwritable } from "./RunFolder/errors.ts"
import { filesOf, type RunFolder } from "./RunFolder/files.ts"

export type { Contents } from "./RunFolder/contents.ts"
export {
  RunFolderEmpty,
  RunFolderOccupied,
  RunFolderUnwritable,
  reachedItsEnd,
  unwritable
} from "./RunFolder/errors.ts"
export type { RunFolder } from "./RunFolder/files.ts"
export { readConfig } from "./RunFolder/readConfig.ts"

/**
 * Makes the folder of a new run, the next free `<root>/<recipe>-<n>`, and locks it for as long as the Scope is open.
 * Making a folder is atomic, so two runs that start at once never get the same one.
 */
export const createNumbered = Effect.fn("RunFolder.createNumbered")(function* (root: string, recipe: string) {
  const path = yield* Path.Path
  const folder = filesOf(path, yield* nextNumbered(root, recipe))
  return held(folder, yield* FolderLock.hold(folder.lock))
})

/**
 * Opens the folder at `path`, makes it where it is not, and locks it for as long as the Scope is open: a second process
 * is refused. A run in it that has reached its end is refused too, unless it may be trained longer; one that was stopped
 * on the way can go on.
 */
export const open = Effect.fn("RunFolder.open")(function* (
  folderPath: string,
  { mayBeFinished = false }: { readonly mayBeFinished?: boolean } = {}
) {
  const path = yield* Path.Path
  const folder = filesOf(path, folderPath)
  yield* unwritable(folderPath)(SafeFile.makeFolders(folderPath))
  yield* refuseStrange(folder)
  const lock = yield* FolderLock.hold(folder.lock)
  yield* recover(folder.checkpoints)
  const { config, encoder, encoderCard, environment, initial, metrics, profile, quarantine, report } = folder
  const files = [config, environment, metrics, encoder, encoderCard, initial, profile, quarantine, report]
  yield* SafeFile.removeDrafts(
    folderPath,
    files.map((file) => path.basename(file))
  )
  const holds = yield* contentsOf(folder)
  if (holds === "finished run" && !mayBeFinished) return yield* reachedItsEnd(folderPath)
  return { folder: held(folder, lock), holds }
})

/** A run folder that is this process's. */
export interface HeldRunFolder extends RunFolder {
  /** Lets an effect write for as long as the folder is ours, and not where another process has taken it over. */
  readonly writing: <A, E, R>(
    effect: Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E, R | FileSystem.FileSystem>
}

const held = (folder: RunFolder, lock: FolderLock.Held): HeldRunFolder => ({
  ...folder,
  writing: (effect) =>
    Effect.provideServiceEffect(effect, FileSystem.FileSystem, Effect.map(FileSystem.FileSystem, lock.fence))
})

/**
 * Holds on to the folder until the Scope closes; gives an effect that fails where it was removed, moved or replaced since.
 * Fails at once where the process may not open two files more: nothing could be saved in the end.
 */
export const hold = Effect.fn("RunFolder.hold")(function* ({ path }: RunFolder) {
  const isThere = yield* unwritable(path)(holdPath(path))
  // One for the log, and one for what is saved, a file after another.
  yield* Effect.scoped(Effect.asVoid(unwritable(path)(Effect.andThen(holdPath(path), holdPath(path)))))
  return isThere
})

/** Whether there is a folder at `path`. */
export const exists = Effect.fn("RunFolder.exists")(function* (path: string) {
  const fileSystem = yield* FileSystem.FileSystem
  return yield* Effect.orElseSucceed(fileSystem.exists(path), () => false)
})

/** Writes the config so that it can be run again. */
export const writeConfig = (folder: RunFolder, config: RunConfig) =>
  writeFile(folder.config, new TextEncoder().encode(`${JSON.stringify(encodeConfig(config), null, 2)}\n`))

/** Writes what the run runs on. */
export const writeEnvironment = (folder: RunFolder, environment: Environment) =>
  writeFile(folder.environment, new TextEncoder().encode(`${JSON.stringify(environment, null, 2)}\n`))

/** Writes what the run's encoder is. */
export const writeEncoderCard = (folder: RunFolder, card: EncoderCard) =>
  writeFile(folder.encoderCard, new TextEncoder().encode(cardText(card)))

const BadFile = Schema.Struct({ file: Schema.String, problem: Schema.String })
const decodeBadFiles = Schema.decodeUnknownEffect(Schema.fromJsonString(Schema.Array(BadFile)))

/** Files of the data set that earlier sessions of a run have found to be no images; none where no list can be read. */
export const readQuarantine = (folder: RunFolder) =>
  SafeFile.readText(folder.quarantine, { maxBytes: 2 ** 26 }).pipe(
    Effect.flatMap(decodeBadFiles),
    Effect.orElseSucceed((): ReadonlyArray<typeof BadFile.Type> => [])
  )

/** Writes which files of the data set are no images. */
export const writeQuarantine = (folder: RunFolder, bad: ReadonlyArray<typeof BadFile.Type>) =>
  writeFile(folder.quarantine, new TextEncoder().encode(`${JSON.stringify(bad, null, 2)}\n`))

/** Writes a file as a whole or not at all: a reader, and a run that is killed, never sees a part of it. */
export const writeFile = Effect.fn("RunFolder.writeFile")(function* (target: string, bytes: Uint8Array) {
  yield* unwritable(target)(SafeFile.replace(target, bytes))
})

const encodeConfig = Schema.encodeSync(RunConfig)

const isTaken = (error: PlatformError) => error.reason._tag === "AlreadyExists"

const nameFolder = "name a folder for the run with --out"

/** Takes the lowest free number above all that are there; making a folder is atomic, so a race goes on to the next. */
const nextNumbered = Effect.fnUntraced(function* (root: string, recipe: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  yield* unwritable(root)(SafeFile.makeFolders(root)).pipe(
    // Nobody has named this folder: the one who may not write there is told how to name another.
    Effect.mapError(({ path, reason }) => new RunFolderUnwritable({ path, reason, hint: nameFolder }))
  )
  const names = yield* unwritable(root)(fileSystem.readDirectory(root))
  const numbers = names.flatMap((name) =>
    name.startsWith(`${recipe}-`) && /^\d+$/.test(name.slice(recipe.length + 1))
      ? [Number(name.slice(recipe.length + 1))]
      : []
  )
  for (let number = numbers.reduce((most, one) => Math.max(most, one), 0) + 1; ; number++) {
    const folder = path.join(root, `${recipe}-${number}`)
    const isOurs = yield* fileSystem.makeDirectory(folder).pipe(
      Effect.as(true),
      Effect.catchIf(isTaken, () => Effect.succeed(false)),
      unwritable(folder)
    )
    if (isOurs) return folder
  }
})
