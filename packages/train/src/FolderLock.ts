import { Effect, FileSystem, Schema, type Scope } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { fileTrouble } from "./internal/fileTrouble.ts"
import { isAlive, startOf } from "./ProcessIdentity.ts"

/** Words of {@link FolderLocked}'s message, by which it is known in what a process has said. */
export const worksInThisFolder = "works in this folder"

/** Another process works in the folder. */
export class FolderLocked extends Schema.TaggedError<FolderLocked>()("FolderLocked", {
  path: Schema.String,
  pid: Schema.Int
}) {
  override get message() {
    return `${this.path} says that process ${this.pid} ${worksInThisFolder}\n  wait until it has ended, or choose another folder with --out`
  }
}

/** The lock cannot be taken; `reason` and `hint` are in plain words. */
export class FolderLockFailed extends Schema.TaggedError<FolderLockFailed>()("FolderLockFailed", {
  path: Schema.String,
  reason: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `${this.path} cannot be written: ${this.reason}\n  ${this.hint}`
  }
}

const Owner = Schema.fromJsonString(Schema.Struct({ pid: Schema.Int, start: Schema.String }))

/**
 * Holds the lock file at `path` until the Scope closes. A lock whose owner was killed is taken over.
 *
 * **Gotchas** Owners are told apart by process id and start: on a file system that several machines share, a lock
 * of another machine looks like one of a killed owner.
 */
export const hold = (
  path: string
): Effect.Effect<void, FolderLocked | FolderLockFailed, FileSystem.FileSystem | Scope.Scope> =>
  Effect.gen(function* () {
    const fileSystem = yield* FileSystem.FileSystem
    const self = JSON.stringify({ pid: process.pid, start: yield* startOf(process.pid) })
    const contentOf = (file: string) => Effect.orElseSucceed(fileSystem.readFileString(file), () => "")
    const acquire = Effect.gen(function* () {
      while (!(yield* claim(path, self))) {
        const text = yield* contentOf(path)
        const owner = yield* Effect.option(Schema.decodeUnknownEffect(Owner)(text))
        if (owner._tag === "Some" && (yield* isAlive(owner.value.pid, owner.value.start))) {
          return yield* new FolderLocked({ path, pid: owner.value.pid })
        }
        // Moved away first and looked at again: another process may have taken the lock over in between.
        const moved = `${path}.stale-${process.pid}`
        yield* Effect.ignore(fileSystem.rename(path, moved))
        if ((yield* contentOf(moved)) !== text) yield* Effect.ignore(fileSystem.link(moved, path))
        yield* Effect.ignore(fileSystem.remove(moved))
      }
    })
    const release = Effect.gen(function* () {
      if ((yield* contentOf(path)) === self) yield* Effect.ignore(fileSystem.remove(path))
    })
    yield* Effect.acquireRelease(acquire, () => release)
  })

/** Makes the lock where there is none: complete before it has its name, so that nobody reads half of it. */
const claim = Effect.fnUntraced(function* (path: string, content: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const draft = `${path}.${process.pid}`
  return yield* fileSystem.writeFileString(draft, content).pipe(
    Effect.andThen(fileSystem.link(draft, path)),
    Effect.as(true),
    Effect.catchIf(
      (error) => error.reason._tag === "AlreadyExists",
      () => Effect.succeed(false)
    ),
    Effect.mapError((error: PlatformError) => new FolderLockFailed({ path, ...fileTrouble(error) })),
    Effect.ensuring(Effect.ignore(fileSystem.remove(draft)))
  )
})
