import { randomBytes } from "node:crypto"
import { closeSync, constants, fchmodSync, fstatSync, openSync } from "node:fs"
import { dirname } from "node:path"
import * as SafeFile from "@moco/core/SafeFile"
import { Effect, Exit, FileSystem, Option, Schema, Scope } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { fileTrouble } from "../fileTrouble.ts"
import { ProcessIdentity, self } from "../ProcessIdentity.ts"
import { FolderLockFailed } from "./errors.ts"

/** What a lock file says. */
export const Owner = Schema.Struct({
  ...ProcessIdentity.fields,
  /** Of this lock and no other. */
  id: Schema.String.check(Schema.isPattern(/^[0-9a-f]{16}$/)),
  /** The folder that is locked, as its owner saw it: a copy of the folder has another inode. */
  folder: Schema.Struct({ path: Schema.String, inode: Schema.String })
})
export type Owner = typeof Owner.Type

const decodeOwner = Schema.decodeUnknownEffect(Schema.fromJsonString(Owner))

/** A lock file of this process. It stays open until the Scope closes, so that no other file gets its inode. */
export interface Lock {
  readonly id: string
  readonly inode: bigint
  readonly scope: Scope.Closeable
}

/** A lock file as it was found. */
export interface Found {
  readonly inode: bigint
  readonly size: string
  /** Changed by the heartbeat of its owner. */
  readonly modified: number
  /** Nothing where it may not be read. */
  readonly text: string | undefined
  /** Nothing where it cannot be understood. */
  readonly owner: Owner | undefined
}

/**
 * Makes a lock file where there is none; gives nothing where there is one. It can be read by everybody, whatever the
 * umask: it says no more than `ps` does, and who may not read it has to wait for its heartbeat.
 */
export const create = Effect.fnUntraced(function* (path: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const scope = yield* Scope.make()
  const id = randomBytes(8).toString("hex")
  const making = Effect.gen(function* () {
    const folder = yield* fileSystem.realPath(dirname(path))
    const file = yield* Scope.provide(fileSystem.open(path, { flag: "wx", mode: 0o644 }), scope)
    const write = Effect.gen(function* () {
      const inode = inodeOf(yield* file.stat)
      const owner: Owner = {
        ...(yield* self),
        id,
        folder: { path: folder, inode: String(inodeOf(yield* fileSystem.stat(folder))) }
      }
      yield* file.writeAll(new TextEncoder().encode(`${JSON.stringify(owner)}\n`))
      letOthersRead(path, inode)
      const lock: Lock = { id, inode, scope }
      return lock
    })
    return yield* Effect.tapError(write, () => Effect.ignore(fileSystem.remove(path)))
  })
  return yield* making.pipe(
    Effect.tapError(() => Scope.close(scope, Exit.void)),
    Effect.catchIf(
      (error: PlatformError) => error.reason._tag === "AlreadyExists",
      () => Effect.succeed(undefined)
    ),
    failing(path)
  )
})

/** Looks at the lock file at `path`; nothing where there is none. */
export const find = Effect.fnUntraced(function* (path: string) {
  const info = yield* failing(path)(SafeFile.lstat(path))
  if (Option.isNone(info)) return undefined
  if (info.value.type !== "File") {
    const reason = "it is no regular file"
    return yield* new FolderLockFailed({
      path,
      reason,
      hint: "remove it, or choose another folder with --out"
    })
  }
  const text = yield* Effect.option(SafeFile.readText(path, { maxBytes: maxLockBytes }))
  const owner = yield* Effect.option(decodeOwner(Option.getOrUndefined(text)))
  const found: Found = {
    inode: inodeOf(info.value),
    size: String(info.value.size),
    modified: Option.match(info.value.mtime, { onNone: () => 0, onSome: Number }),
    text: Option.getOrUndefined(text),
    owner: Option.getOrUndefined(owner)
  }
  return found
})

/** Whether nothing has happened to a lock file, not even a heartbeat. */
export const isSame = (one: Found, other: Found | undefined): boolean =>
  other !== undefined && isSameLock(one, other) && one.modified === other.modified

/** Whether it is the same lock; its heart may have beaten. */
export const isSameLock = (one: Found, other: Found): boolean =>
  one.inode === other.inode && one.size === other.size && one.text === other.text

/** Removes a lock file of this process, where it still has its name, and lets go of it. */
export const drop = Effect.fnUntraced(function* (path: string, { inode, scope }: Lock) {
  const fileSystem = yield* FileSystem.FileSystem
  const info = yield* Effect.orElseSucceed(SafeFile.lstat(path), Option.none)
  if (Option.isSome(info) && inodeOf(info.value) === inode) yield* Effect.ignore(fileSystem.remove(path))
  yield* Scope.close(scope, Exit.void)
})

export const inodeOf = ({ ino }: FileSystem.File.Info): bigint => Option.getOrElse(ino, () => 0n)

/** Says in plain words why the lock at `path` cannot be taken. */
export const failing = (path: string) =>
  Effect.mapError((error: PlatformError) => new FolderLockFailed({ path, ...fileTrouble(error) }))

/** Ours have some hundreds. */
const maxLockBytes = 4096

/** By the open file and not by its name, which may lead elsewhere by now. Some file systems have no permissions. */
const letOthersRead = (path: string, inode: bigint): void => {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      if (fstatSync(file, { bigint: true }).ino === inode) fchmodSync(file, 0o644)
    } finally {
      closeSync(file)
    }
  } catch {
    // Whoever cannot read it watches its heartbeat.
  }
}
