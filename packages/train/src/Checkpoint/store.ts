import * as SafeFile from "@moco/core/SafeFile"
import { Effect, FileSystem, Path } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { fileTrouble, isOutOfDescriptors } from "../fileTrouble.ts"
import { hashAside } from "../internal/hashAside.ts"
import { CheckpointUnreadable, CheckpointUnwritable } from "./errors.ts"
import { encodeManifest, type Manifest } from "./manifest.ts"

/** A checkpoint before its files are hashed. */
export interface UnsignedCheckpoint {
  readonly manifest: Omit<Manifest, "parts">
  /** By file name. */
  readonly parts: Readonly<Record<string, Uint8Array>>
}

/** A checkpoint that is on disk. */
export interface Stored {
  readonly folder: string
  readonly manifest: Manifest
}

export const manifestName = "manifest.jsonl"

/** The folder of a checkpoint: its step, with leading zeros, so that names sort as steps do. */
export const folderName = (step: number): string => String(step).padStart(9, "0")

/** Endings of folders that are no checkpoints: one that is being written, and one that is being replaced. */
const unfinished = ".tmp"
const replaced = ".old"

/**
 * Endings of checkpoints that no run goes on from: one that was found damaged, and one of a state that a step failed
 * from, whatever the reason it is kept for.
 */
type Aside = ".damaged" | ".failed"

/**
 * Writes a checkpoint into `<root>/<step>`, as a whole or not at all; gives the folder, and what it says. `root` is made
 * where it is not, and nothing above it.
 *
 * Everything goes into a folder of a temporary name, the parts on disk before the manifest; then the folder gets its
 * name. One that had the name is moved aside first. So a crash at any instant leaves the old checkpoints and this one,
 * or after {@link recover} the old ones alone.
 */
export const save = Effect.fn("Checkpoint.save")(function* (
  root: string,
  { manifest, parts }: UnsignedCheckpoint
) {
  const fileSystem = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const final = path.join(root, folderName(manifest.progress.step))
  const [temporary, aside] = [`${final}${unfinished}`, `${final}${replaced}`]
  const names = Object.keys(parts)
  const writeParts = (concurrency: number | "unbounded") =>
    Effect.gen(function* () {
      yield* fileSystem.remove(temporary, { recursive: true, force: true })
      yield* fileSystem.makeDirectory(temporary)
      const writeAll = Effect.forEach(
        names,
        (name) => SafeFile.create(path.join(temporary, name), parts[name]!),
        {
          concurrency
        }
      )
      const [hashes] = yield* Effect.all([hashAside(Object.values(parts)), writeAll], { concurrency })
      return names.map((name, i) => ({ name, bytes: parts[name]!.length, sha256: hashes[i]! }))
    })
  const replace = Effect.gen(function* () {
    if (!(yield* fileSystem.exists(final))) return yield* fileSystem.rename(temporary, final)
    yield* fileSystem.remove(aside, { recursive: true, force: true })
    yield* fileSystem.rename(final, aside)
    yield* Effect.tapError(fileSystem.rename(temporary, final), () =>
      Effect.ignore(fileSystem.rename(aside, final))
    )
  })
  return yield* Effect.gen(function* () {
    if (yield* SafeFile.makeFolder(root)) yield* SafeFile.syncFolder(path.dirname(root))
    // One after another where the system has no more descriptors for all at once.
    const described = yield* Effect.catchIf(writeParts("unbounded"), isOutOfDescriptors, () => writeParts(1))
    const whole: Manifest = { ...manifest, parts: described }
    yield* SafeFile.create(path.join(temporary, manifestName), textOf(whole))
    yield* SafeFile.syncFolder(temporary)
    yield* replace
    yield* SafeFile.syncFolder(root)
    const stored: Stored = { folder: final, manifest: whole }
    return stored
  }).pipe(
    Effect.tapError(() => Effect.ignore(fileSystem.remove(temporary, { recursive: true, force: true }))),
    unwritable(final),
    Effect.tap(() => Effect.ignore(fileSystem.remove(aside, { recursive: true, force: true })))
  )
}, Effect.uninterruptible)

/**
 * Gives a checkpoint of the same state another manifest, as a whole or not at all: its other files are as they were.
 */
export const retell = Effect.fn("Checkpoint.retell")(function* (root: string, manifest: Manifest) {
  const path = yield* Path.Path
  const folder = path.join(root, folderName(manifest.progress.step))
  const told = SafeFile.replace(path.join(folder, manifestName), textOf(manifest))
  return yield* Effect.as(unwritable(folder)(told), { folder, manifest } satisfies Stored)
}, Effect.uninterruptible)

const textOf = (manifest: Manifest) => new TextEncoder().encode(encodeManifest(manifest))

const unwritable = (path: string) =>
  Effect.mapError((error: PlatformError) => new CheckpointUnwritable({ path, ...fileTrouble(error) }))

/**
 * Clears up what a killed process has left: a checkpoint that was being replaced gets its name back, and what was being
 * written is removed. Nobody else may be at work in the folder.
 */
export const recover = Effect.fn("Checkpoint.recover")(function* (root: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const names = yield* namesIn(root)
  yield* Effect.gen(function* () {
    for (const name of names.filter((name) => /^\d{9,}\.old$/.test(name))) {
      const final = name.slice(0, -replaced.length)
      yield* names.includes(final)
        ? fileSystem.remove(path.join(root, name), { recursive: true })
        : fileSystem.rename(path.join(root, name), path.join(root, final))
    }
    for (const name of names.filter((name) => /^\d{9,}\.tmp$/.test(name))) {
      yield* fileSystem.remove(path.join(root, name), { recursive: true })
    }
  }).pipe(Effect.mapError((error) => new CheckpointUnwritable({ path: root, ...fileTrouble(error) })))
})

/** Steps of the checkpoints under `root`, newest first; folders of other names do not count. */
export const steps = Effect.fn("Checkpoint.steps")(function* (root: string) {
  return (yield* namesIn(root))
    .filter((name) => /^\d{9,}$/.test(name))
    .map(Number)
    .sort((a, b) => b - a)
})

/** A folder that is not there is empty; one that cannot be read is an error, or a whole run might be begun anew. */
const namesIn = Effect.fnUntraced(function* (root: string) {
  const fileSystem = yield* FileSystem.FileSystem
  return yield* Effect.catch(fileSystem.readDirectory(root), (error) =>
    error.reason._tag === "NotFound"
      ? Effect.succeed<Array<string>>([])
      : Effect.fail(new CheckpointUnreadable({ path: root, ...fileTrouble(error) }))
  )
})

/** Gives a checkpoint another name: it is kept, and no longer counts among the newest. */
export const setAside = Effect.fn("Checkpoint.setAside")(function* (
  root: string,
  step: number,
  ending: Aside
) {
  const fileSystem = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const folder = path.join(root, folderName(step))
  yield* fileSystem.remove(`${folder}${ending}`, { recursive: true, force: true }).pipe(
    Effect.andThen(fileSystem.rename(folder, `${folder}${ending}`)),
    Effect.andThen(SafeFile.syncFolder(root)),
    Effect.mapError((error) => new CheckpointUnwritable({ path: folder, ...fileTrouble(error) }))
  )
})

/**
 * Sets the checkpoints of these states aside, newest first, where there are any: what is killed on the way goes on from
 * one of the others, or from one of which the next step fails again. Of what was set aside so, the last is kept, for
 * whoever wants to know why.
 */
export const setFailedAside = Effect.fn("Checkpoint.setFailedAside")(function* (
  root: string,
  hasFailed: (step: number) => boolean
) {
  const fileSystem = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  for (const step of (yield* steps(root)).filter(hasFailed)) {
    for (const name of (yield* namesIn(root)).filter((name) => /^\d{9,}\.failed$/.test(name))) {
      yield* Effect.ignore(fileSystem.remove(path.join(root, name), { recursive: true }))
    }
    yield* setAside(root, step, ".failed")
  }
})

/**
 * Removes all checkpoints but the `keep` newest and the one of step `best`. What cannot be removed is left for the next
 * time: the run is no worse for it.
 */
export const prune = Effect.fn("Checkpoint.prune")(function* (
  root: string,
  keep: number,
  best: number | undefined
) {
  const fileSystem = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const all = yield* Effect.orElseSucceed(steps(root), (): ReadonlyArray<number> => [])
  const old = all.slice(keep).filter((step) => step !== best)
  for (const step of old) {
    yield* Effect.ignore(fileSystem.remove(path.join(root, folderName(step)), { recursive: true }))
  }
})
