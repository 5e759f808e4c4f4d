import { Effect, FileSystem, Path, Schema } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { fileTrouble } from "../internal/fileTrouble.ts"
import { decodeManifest, encodeManifest, type Manifest, sha256 } from "./manifest.ts"

/** A checkpoint cannot be written; `reason` and `hint` are in plain words. Older ones are as they were. */
export class CheckpointUnwritable extends Schema.TaggedError<CheckpointUnwritable>()("CheckpointUnwritable", {
  path: Schema.String,
  reason: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `the checkpoint ${this.path} cannot be written: ${this.reason}\n  ${this.hint}; the last checkpoint is whole`
  }
}

/** A checkpoint is damaged: a file of it is missing, has another length or another hash. */
export class CheckpointCorrupt extends Schema.TaggedError<CheckpointCorrupt>()("CheckpointCorrupt", {
  path: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `the checkpoint file ${this.path} is damaged: ${this.problem}`
  }
}

const manifestName = "manifest.json"

/** The folder of a checkpoint: its step, with leading zeros, so that names sort as steps do. */
export const folderName = (step: number): string => String(step).padStart(9, "0")

/** A checkpoint as it is read or written: what it says about itself, and its parts by file name. */
export interface StoredCheckpoint {
  readonly manifest: Manifest
  readonly parts: Readonly<Record<string, Uint8Array>>
}

/** A checkpoint before its files are hashed. */
export interface UnsignedCheckpoint {
  readonly manifest: Omit<Manifest, "parts">
  readonly parts: Readonly<Record<string, Uint8Array>>
}

/**
 * Writes a checkpoint into `<root>/<step>`, as a whole or not at all.
 *
 * Everything goes into a folder of a temporary name, the parts on disk before the manifest; then the folder gets its
 * name. So a crash at any instant leaves the old checkpoints, and this one or nothing.
 */
export const save = Effect.fn("Checkpoint.save")(function* (
  root: string,
  { manifest, parts }: UnsignedCheckpoint
) {
  const fileSystem = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const final = path.join(root, folderName(manifest.progress.step))
  const temporary = `${final}.tmp`
  const write = Effect.fnUntraced(function* (name: string, bytes: Uint8Array) {
    const file = yield* fileSystem.open(path.join(temporary, name), { flag: "w" })
    yield* file.writeAll(bytes)
    yield* file.sync
  }, Effect.scoped)
  const writePart = ([name, bytes]: readonly [string, Uint8Array]) =>
    Effect.map(
      Effect.all([hashAside(bytes), write(name, bytes)], { concurrency: "unbounded" }),
      ([sha256]) => ({ name, bytes: bytes.length, sha256 })
    )
  yield* Effect.gen(function* () {
    yield* fileSystem.remove(temporary, { recursive: true, force: true })
    yield* fileSystem.makeDirectory(temporary, { recursive: true })
    const described = yield* Effect.forEach(Object.entries(parts), writePart, { concurrency: "unbounded" })
    const text = encodeManifest({ ...manifest, parts: described })
    yield* write(manifestName, new TextEncoder().encode(text))
    yield* syncFolder(temporary)
    // A checkpoint of this step that is there already is as good: the run is the same.
    if (yield* fileSystem.exists(final)) yield* fileSystem.remove(final, { recursive: true })
    yield* fileSystem.rename(temporary, final)
    yield* syncFolder(root)
  }).pipe(
    Effect.tapError(() => Effect.ignore(fileSystem.remove(temporary, { recursive: true, force: true }))),
    Effect.mapError(
      (error: PlatformError) => new CheckpointUnwritable({ path: final, ...fileTrouble(error) })
    )
  )
  return final
}, Effect.uninterruptible)

/** SHA-256 as {@link sha256} gives it, worked out on another thread: training goes on meanwhile. */
const hashAside = (bytes: Uint8Array): Effect.Effect<string> =>
  Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>)),
    (digest) => Buffer.from(digest).toString("hex")
  )

/** Makes the names in a folder durable. */
const syncFolder = Effect.fnUntraced(function* (folder: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const handle = yield* fileSystem.open(folder, { flag: "r" })
  yield* handle.sync
}, Effect.scoped)

/** Steps of the checkpoints under `root`, newest first; folders of other names do not count. */
export const steps = Effect.fn("Checkpoint.steps")(function* (root: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const names = yield* Effect.orElseSucceed(fileSystem.readDirectory(root), (): Array<string> => [])
  return names
    .filter((name) => /^\d{9,}$/.test(name))
    .map(Number)
    .sort((a, b) => b - a)
})

/** Reads a checkpoint and checks every byte of it. */
export const load = Effect.fn("Checkpoint.load")(function* (folder: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const corrupt = (name: string, problem: string) =>
    new CheckpointCorrupt({ path: path.join(folder, name), problem })
  const read = (name: string) =>
    Effect.mapError(fileSystem.readFile(path.join(folder, name)), (error) =>
      corrupt(name, fileTrouble(error).reason)
    )
  const text = new TextDecoder().decode(yield* read(manifestName))
  const manifest = yield* Effect.mapError(decodeManifest(text), (problem) => corrupt(manifestName, problem))
  const parts: Record<string, Uint8Array> = {}
  for (const { bytes, name, sha256: expected } of manifest.parts) {
    // The manifest's hash was right, so the name is one that we wrote; a path would still be none of ours.
    if (name !== path.basename(name)) return yield* corrupt(name, "its name is a path")
    const content = yield* read(name)
    if (content.length !== bytes) {
      return yield* corrupt(name, `it has ${content.length} bytes and should have ${bytes}`)
    }
    if (sha256(content) !== expected) return yield* corrupt(name, "its hash does not fit its content")
    parts[name] = content
  }
  const stored: StoredCheckpoint = { manifest, parts }
  return stored
})

/** Removes all checkpoints but the `keep` newest and the one of step `best`. */
export const prune = Effect.fn("Checkpoint.prune")(function* (
  root: string,
  keep: number,
  best: number | undefined
) {
  const fileSystem = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const old = (yield* steps(root)).slice(keep).filter((step) => step !== best)
  for (const step of old) {
    yield* Effect.ignore(fileSystem.remove(path.join(root, folderName(step)), { recursive: true }))
  }
})
