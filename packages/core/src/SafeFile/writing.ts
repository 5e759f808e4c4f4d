import { randomBytes } from "node:crypto"
import { dirname, join } from "node:path"
import { Effect, FileSystem, Option } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { notRegular, refuse } from "./FileRefused.ts"
import { readRange, sizeOf } from "./reading.ts"

/**
 * Writes a new file and returns when it is on disk. Fails where there is something of the name, a link included: what a
 * link leads to is never opened.
 */
export const create = Effect.fn("SafeFile.create")(function* (path: string, bytes: Uint8Array) {
  const fileSystem = yield* FileSystem.FileSystem
  const file = yield* fileSystem.open(path, { flag: "wx" })
  yield* file.writeAll(bytes)
  yield* file.sync
}, Effect.scoped)

/**
 * Writes a file as a whole or not at all: a reader, and a program that is killed, never sees a part of it.
 *
 * It is written under a name of its own and then renamed, so whatever has the name is replaced and never written to: other
 * names of an old file (hard links) keep the old content. A link, a pipe, a device or a folder is refused.
 */
export const replace = Effect.fn("SafeFile.replace")(function* (path: string, bytes: Uint8Array) {
  yield* requireReplaceable(path)
  yield* asDraft(path, (draft) => create(draft, bytes))
}, Effect.uninterruptible)

/**
 * Like {@link replace} for what is too long to be held in memory: `write` is given the open file, and may be interrupted.
 */
export const replaceBy = <E, R>(path: string, write: (file: FileSystem.File) => Effect.Effect<void, E, R>) =>
  Effect.andThen(
    requireReplaceable(path),
    asDraft(path, (draft) =>
      Effect.scoped(
        Effect.gen(function* () {
          const fileSystem = yield* FileSystem.FileSystem
          const file = yield* fileSystem.open(draft, { flag: "wx" })
          yield* write(file)
          yield* file.sync
        })
      )
    )
  )

/** Writes a text as a whole or not at all, see {@link replace}. */
export const replaceText = (path: string, text: string) => replace(path, new TextEncoder().encode(text))

/** Makes a file under a name of its own, and then gives it the name that it is for. */
const asDraft = Effect.fnUntraced(function* <E, R>(
  target: string,
  make: (draft: string) => Effect.Effect<void, E, R>
) {
  const fileSystem = yield* FileSystem.FileSystem
  const draft = draftName(target)
  yield* make(draft).pipe(
    Effect.andThen(fileSystem.rename(draft, target)),
    Effect.andThen(syncFolder(dirname(target))),
    Effect.onError(() => Effect.ignore(fileSystem.remove(draft)))
  )
})

const draftName = (target: string): string => `${target}.${randomBytes(6).toString("hex")}.tmp`

const drafts = /^(.+)\.[0-9a-f]{12}\.tmp$/

/** Removes the drafts of the files `names` in a folder that killed processes have left. Nobody else may be at work there. */
export const removeDrafts = Effect.fn("SafeFile.removeDrafts")(function* (
  folder: string,
  names: ReadonlyArray<string>
) {
  const fileSystem = yield* FileSystem.FileSystem
  const found = yield* Effect.orElseSucceed(fileSystem.readDirectory(folder), () => [])
  for (const name of found) {
    const [, target] = drafts.exec(name) ?? []
    if (target !== undefined && names.includes(target)) {
      yield* Effect.ignore(fileSystem.remove(join(folder, name)))
    }
  }
})

/** Fails where what has the name is no regular file, and so is not replaced; that nothing has it is as well. */
export const requireReplaceable = Effect.fnUntraced(function* (path: string) {
  const found = yield* lstat(path)
  if (Option.isSome(found) && found.value.type !== "File") return yield* refuseToWrite(path, found.value.type)
})

const refuseToWrite = (path: string, type: FileSystem.File.Type): PlatformError =>
  refuse(
    "write",
    path,
    notRegular(type),
    type === "Directory"
      ? "check the path"
      : "remove it, or choose another place: nothing is written through it"
  )

/** What has the name itself, be it a link; nothing where nothing has it. */
export const lstat = Effect.fnUntraced(function* (path: string) {
  const fileSystem = yield* FileSystem.FileSystem
  return yield* Effect.asSome(fileSystem.lstat(path)).pipe(
    Effect.catchIf(
      ({ reason }) => reason._tag === "NotFound",
      () => Effect.succeedNone
    )
  )
})

/**
 * Opens a regular file to be added to, and makes it where it is not; closed with the Scope. One that has other names is
 * copied first, and they keep what there was.
 */
export const openToAppend = Effect.fn("SafeFile.openToAppend")(function* (path: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const isThere = Option.isSome(yield* lstat(path))
  // Where another process makes it at the same time, it is added to as one that was there.
  const made = isThere
    ? Option.none()
    : yield* Effect.asSome(fileSystem.open(path, { flag: "ax" })).pipe(
        Effect.catchIf(
          ({ reason }) => reason._tag === "AlreadyExists",
          () => Effect.succeedNone
        )
      )
  return Option.isSome(made) ? made.value : yield* openThere(path)
})

const openThere = Effect.fnUntraced(function* (path: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const found = yield* fileSystem.lstat(path)
  yield* requireReplaceable(path)
  if (hasOtherNames(found)) yield* detach(path)
  const file = yield* fileSystem.open(path, { flag: "a", noFollow: true })
  const opened = yield* file.stat
  if (opened.type !== "File") return yield* refuseToWrite(path, opened.type)
  if (hasOtherNames(opened)) {
    const hint = "try again, or remove the other names"
    return yield* refuse("write", path, "it has other names, which would change too", hint)
  }
  return file
})

/**
 * A new file in a folder, without a name: nobody else can open it, and its room is free again when the Scope closes, or
 * when the process ends in whatever way.
 */
export const scratch = Effect.fn("SafeFile.scratch")(function* (folder: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const name = draftName(join(folder, "scratch"))
  return yield* Effect.tap(fileSystem.open(name, { flag: "wx+", mode: 0o600 }), () => fileSystem.remove(name))
}, Effect.uninterruptible)

/** Removes what stands behind the first `length` bytes of a file; its other names keep it. */
export const cut = Effect.fn("SafeFile.cut")(function* (path: string, length: number) {
  const file = yield* openToAppend(path)
  yield* file.truncate(length)
}, Effect.scoped)

/** Whether a file has more names than one. */
export const hasOtherNames = ({ nlink }: FileSystem.File.Info): boolean =>
  Option.isSome(nlink) && nlink.value > 1n

/** Puts a copy in a file's place, so that what has its name has no other. */
const detach = Effect.fnUntraced(function* (path: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const copy = Effect.fnUntraced(function* (draft: string) {
    const from = yield* fileSystem.open(path, { flag: "r", noFollow: true })
    const info = yield* from.stat
    const size = yield* sizeOf(path, info, { maxBytes: Number.POSITIVE_INFINITY })
    const to = yield* fileSystem.open(draft, { flag: "wx", mode: info.mode & 0o777 })
    for (let start = 0; start < size; start += bytesAtOnce) {
      yield* to.writeAll(yield* readRange(from, start, Math.min(size, start + bytesAtOnce)))
    }
    yield* to.sync
  }, Effect.scoped)
  yield* Effect.uninterruptible(asDraft(path, copy))
})

const bytesAtOnce = 2 ** 22

/** Makes the names in a folder durable: without it, a crash may forget that a file was renamed. */
export const syncFolder = Effect.fnUntraced(function* (folder: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const handle = yield* fileSystem.open(folder, { flag: "r" })
  yield* handle.sync
}, Effect.scoped)
