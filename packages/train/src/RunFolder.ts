import { Effect, FileSystem, Path, Schema } from "effect"
import type { PlatformError } from "effect/PlatformError"
import * as FolderLock from "./FolderLock.ts"
import { fileTrouble } from "./internal/fileTrouble.ts"
import { RunConfig } from "./RunConfig.ts"
import type { Environment } from "./RunFolder/environment.ts"
import * as RunLog from "./RunLog.ts"

/** The folder that was asked for holds a run that has reached its end, or something else. */
export class RunFolderOccupied extends Schema.TaggedError<RunFolderOccupied>()("RunFolderOccupied", {
  path: Schema.String,
  holds: Schema.String
}) {
  override get message() {
    return `${this.path} holds ${this.holds}\n  choose another folder with --out, or leave --out away for a new one under runs/`
  }
}

/** There is no run in the folder that was to be continued. */
export class RunFolderEmpty extends Schema.TaggedError<RunFolderEmpty>()("RunFolderEmpty", {
  path: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `${this.path} holds no run to continue: ${this.problem}\n  give the folder of a run, e.g. --resume=runs/fashionMnistQuick-1`
  }
}

/** The run folder, or a file in it, cannot be written; `reason` and `hint` are in plain words. */
export class RunFolderUnwritable extends Schema.TaggedError<RunFolderUnwritable>()("RunFolderUnwritable", {
  path: Schema.String,
  reason: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `${this.path} cannot be written: ${this.reason}\n  ${this.hint}`
  }
}

/** The folder of one run, and the files that a run leaves in it. */
export interface RunFolder {
  readonly path: string
  /** The resolved config, JSON; a run of it is the same run. */
  readonly config: string
  /** What the run ran on, JSON. */
  readonly environment: string
  /** The events of the run, one JSON object a line. */
  readonly metrics: string
  /** The query encoder, safetensors with torchvision's names. */
  readonly encoder: string
  /** Checkpoints, one folder each. */
  readonly checkpoints: string
  /** Held by the process that trains. */
  readonly lock: string
}

/** What a run folder holds before a run starts in it. */
export type Contents = "nothing" | "interrupted run"

/**
 * Makes the folder of a new run, the next free `<root>/<recipe>-<n>`, and locks it for as long as the Scope is open.
 * Making a folder is atomic, so two runs that start at once never get the same one.
 */
export const createNumbered = Effect.fn("RunFolder.createNumbered")(function* (root: string, recipe: string) {
  const path = yield* Path.Path
  const folder = filesOf(path, yield* nextNumbered(root, recipe))
  yield* FolderLock.hold(folder.lock)
  return folder
})

/**
 * Opens the folder at `path`, makes it where it is not, and locks it for as long as the Scope is open: a second process
 * is refused. A run in it that has reached its end is refused too; one that was stopped on the way can go on.
 */
export const open = Effect.fn("RunFolder.open")(function* (folderPath: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const folder = filesOf(path, folderPath)
  yield* unwritable(folderPath)(fileSystem.makeDirectory(folderPath, { recursive: true }))
  yield* FolderLock.hold(folder.lock)
  return { folder, holds: yield* contentsOf(folder) }
})

/** Whether there is a folder at `path`. */
export const exists = Effect.fn("RunFolder.exists")(function* (path: string) {
  const fileSystem = yield* FileSystem.FileSystem
  return yield* Effect.orElseSucceed(fileSystem.exists(path), () => false)
})

const contentsOf = Effect.fnUntraced(function* (folder: RunFolder) {
  const fileSystem = yield* FileSystem.FileSystem
  const exists = (file: string) => unwritable(file)(fileSystem.exists(file))
  if (yield* exists(folder.metrics)) {
    // A damaged log tells no end; what can be continued is decided by the checkpoints.
    const events = yield* Effect.orElseSucceed(RunLog.read(folder.metrics), () => [])
    const last = events.at(-1)
    if (last?.event === "finished" && last.outcome === "completed") {
      return yield* new RunFolderOccupied({ path: folder.path, holds: "a run that has reached its end" })
    }
    return "interrupted run" satisfies Contents
  }
  for (const file of [folder.encoder, folder.checkpoints]) {
    if (yield* exists(file)) return yield* new RunFolderOccupied({ path: folder.path, holds: file })
  }
  return "nothing" satisfies Contents
})

/** Writes the config so that it can be run again. */
export const writeConfig = (folder: RunFolder, config: RunConfig) =>
  writeFile(folder.config, new TextEncoder().encode(`${JSON.stringify(encodeConfig(config), null, 2)}\n`))

/** Writes what the run runs on. */
export const writeEnvironment = (folder: RunFolder, environment: Environment) =>
  writeFile(folder.environment, new TextEncoder().encode(`${JSON.stringify(environment, null, 2)}\n`))

/** Writes a file as a whole or not at all: a reader, and a run that is killed, never sees a part of it. */
export const writeFile = Effect.fn("RunFolder.writeFile")(function* (target: string, bytes: Uint8Array) {
  const fileSystem = yield* FileSystem.FileSystem
  const temporary = `${target}.tmp`
  yield* Effect.scoped(
    Effect.gen(function* () {
      const file = yield* fileSystem.open(temporary, { flag: "w" })
      yield* file.writeAll(bytes)
      yield* file.sync
    })
  ).pipe(
    Effect.andThen(fileSystem.rename(temporary, target)),
    Effect.tapError(() => Effect.ignore(fileSystem.remove(temporary))),
    unwritable(target)
  )
}, Effect.uninterruptible)

const encodeConfig = Schema.encodeSync(RunConfig)

const filesOf = (path: Path.Path, folder: string): RunFolder => ({
  path: folder,
  config: path.join(folder, "config.json"),
  environment: path.join(folder, "environment.json"),
  metrics: path.join(folder, "metrics.jsonl"),
  encoder: path.join(folder, "encoder.safetensors"),
  checkpoints: path.join(folder, "checkpoints"),
  lock: path.join(folder, "run.lock")
})

/** Says in plain words why `path` cannot be written. */
export const unwritable = (path: string) =>
  Effect.mapError((error: PlatformError) => new RunFolderUnwritable({ path, ...fileTrouble(error) }))

const isTaken = (error: PlatformError) => error.reason._tag === "AlreadyExists"

/** Takes the lowest free number above all that are there; making a folder is atomic, so a race goes on to the next. */
const nextNumbered = Effect.fnUntraced(function* (root: string, recipe: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  yield* unwritable(root)(fileSystem.makeDirectory(root, { recursive: true }))
  const names = yield* unwritable(root)(fileSystem.readDirectory(root))
  const numbers = names.flatMap((name) =>
    name.startsWith(`${recipe}-`) && /^\d+$/.test(name.slice(recipe.length + 1))
      ? [Number(name.slice(recipe.length + 1))]
      : []
  )
  for (let number = Math.max(0, ...numbers) + 1; ; number++) {
    const folder = path.join(root, `${recipe}-${number}`)
    const isOurs = yield* fileSystem.makeDirectory(folder).pipe(
      Effect.as(true),
      Effect.catchIf(isTaken, () => Effect.succeed(false)),
      unwritable(folder)
    )
    if (isOurs) return folder
  }
})
