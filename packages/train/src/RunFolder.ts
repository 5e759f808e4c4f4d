import { Effect, FileSystem, Path, Schema } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { fileTrouble } from "./internal/fileTrouble.ts"
import { RunConfig } from "./RunConfig.ts"
import type { Environment } from "./RunFolder/environment.ts"

/** The folder that was asked for holds a run already. */
export class RunFolderOccupied extends Schema.TaggedError<RunFolderOccupied>()("RunFolderOccupied", {
  path: Schema.String,
  holds: Schema.String
}) {
  override get message() {
    return `${this.path} holds a run already (${this.holds})\n  choose another folder with --out, or leave --out away for a new one under runs/`
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
}

/** Where a run goes: into `out`, or into the next free `<root>/<recipe>-<n>`. */
export interface RunFolderOptions {
  readonly recipe: string
  readonly root: string
  readonly out?: string | undefined
}

/**
 * Makes the folder of a new run. Two runs that start at once never get the same one: a numbered folder belongs to
 * who makes it, a named one to who makes the run log in it.
 */
export const create = Effect.fn("RunFolder.create")(function* (options: RunFolderOptions) {
  const path = yield* Path.Path
  const { out, recipe, root } = options
  const folder = filesOf(path, out ?? (yield* nextNumbered(root, recipe)))
  yield* out === undefined ? Effect.void : claim(folder)
  return folder
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
  encoder: path.join(folder, "encoder.safetensors")
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

const claim = Effect.fnUntraced(function* (folder: RunFolder) {
  const fileSystem = yield* FileSystem.FileSystem
  yield* unwritable(folder.path)(fileSystem.makeDirectory(folder.path, { recursive: true }))
  for (const file of [folder.config, folder.environment, folder.encoder]) {
    const exists = yield* unwritable(file)(fileSystem.exists(file))
    if (exists) return yield* new RunFolderOccupied({ path: folder.path, holds: file })
  }
  const isOurs = yield* unwritable(folder.metrics)(
    Effect.catchIf(
      Effect.as(fileSystem.writeFileString(folder.metrics, "", { flag: "wx" }), true),
      isTaken,
      () => Effect.succeed(false)
    )
  )
  if (!isOurs) return yield* new RunFolderOccupied({ path: folder.path, holds: folder.metrics })
})
