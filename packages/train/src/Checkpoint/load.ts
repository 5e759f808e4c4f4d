import * as SafeFile from "@moco/core/SafeFile"
import { ByteSize, Effect, FileSystem, Path } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { fileTrouble, newerFormat } from "../fileTrouble.ts"
import { CheckpointCorrupt, CheckpointUnreadable, NoCheckpointWhole } from "./errors.ts"
import { decodeManifest, formatOf, formatVersion, type Manifest, sha256 } from "./manifest.ts"
import { folderName, manifestName, setAside, steps } from "./store.ts"

/** A checkpoint as it was read: what it says about itself, and its parts by file name. */
export interface StoredCheckpoint {
  readonly manifest: Manifest
  readonly parts: Readonly<Record<string, Uint8Array>>
}

/** Bytes of a manifest that are read at most; ours have some thousands. */
const maxManifestBytes = 2 ** 20

/** What the checkpoint in a folder says about itself; its parts are not looked at. */
export const loadManifest = Effect.fn("Checkpoint.loadManifest")(function* (folder: string) {
  const path = yield* Path.Path
  const manifestFile = path.join(folder, manifestName)
  const text = new TextDecoder().decode(yield* readFile(manifestFile, (bytes) => bytes <= maxManifestBytes))
  const format = formatOf(text)
  if (format !== undefined && format > formatVersion) {
    return yield* new CheckpointUnreadable({ path: manifestFile, ...newerFormat(format, formatVersion) })
  }
  const manifest = yield* Effect.mapError(
    decodeManifest(text),
    (problem) => new CheckpointCorrupt({ path: manifestFile, problem })
  )
  if (path.basename(folder) !== folderName(manifest.progress.step)) {
    const problem = `it is of step ${manifest.progress.step}, and the folder has another name`
    return yield* new CheckpointCorrupt({ path: manifestFile, problem })
  }
  return manifest
})

/** Reads a checkpoint and checks every byte of it. */
export const load = Effect.fn("Checkpoint.load")(function* (folder: string) {
  const path = yield* Path.Path
  const manifest = yield* loadManifest(folder)
  const parts = yield* Effect.forEach(manifest.parts, ({ bytes, name, sha256: expected }) =>
    Effect.gen(function* () {
      const corrupt = (problem: string) =>
        Effect.fail(new CheckpointCorrupt({ path: path.join(folder, name), problem }))
      // The manifest's hash was right, so the name is one that we wrote; a path would still be none of ours.
      if (name !== path.basename(name)) return yield* corrupt("its name is a path")
      const content = yield* readFile(path.join(folder, name), (found) => found === bytes)
      if (sha256(content) !== expected) return yield* corrupt("its hash does not fit its content")
      return [name, content] as const
    })
  )
  const stored: StoredCheckpoint = { manifest, parts: Object.fromEntries(parts) }
  return stored
})

/** A regular file, of which the length is asked before a byte is read. */
const readFile = Effect.fnUntraced(function* (file: string, isRight: (bytes: number) => boolean) {
  const fileSystem = yield* FileSystem.FileSystem
  const trouble = (error: PlatformError) =>
    error.reason._tag === "NotFound"
      ? new CheckpointCorrupt({ path: file, problem: "it is missing" })
      : new CheckpointUnreadable({ path: file, ...fileTrouble(error) })
  const { size, type } = yield* Effect.mapError(fileSystem.stat(file), trouble)
  if (type !== "File") return yield* new CheckpointCorrupt({ path: file, problem: "it is no regular file" })
  const bytes = Number(ByteSize.toBigInt(size))
  if (!isRight(bytes)) {
    return yield* new CheckpointCorrupt({ path: file, problem: `its length of ${bytes} bytes is not right` })
  }
  return yield* Effect.mapError(SafeFile.readBytes(file, { maxBytes: bytes }), trouble)
})

/**
 * The newest checkpoint under `root` of which every byte is right; nothing where there is none at all.
 *
 * Damaged ones that are newer are told to `onCorrupt` and get another name, or they would take the place of whole ones
 * when old checkpoints are removed. Where none is whole, none is touched.
 *
 * @param isCandidate  which steps count; the others are as if they were not there
 */
export const newestGood = Effect.fn("Checkpoint.newestGood")(function* (
  root: string,
  onCorrupt: (error: CheckpointCorrupt) => Effect.Effect<void>,
  isCandidate: (step: number) => boolean = () => true
) {
  const path = yield* Path.Path
  const passedOver: Array<readonly [number, CheckpointCorrupt]> = []
  for (const step of (yield* steps(root)).filter(isCandidate)) {
    const loaded = yield* Effect.catchTag(
      load(path.join(root, folderName(step))),
      "CheckpointCorrupt",
      (error) => Effect.sync(() => void passedOver.push([step, error]))
    )
    if (loaded === undefined) continue
    for (const [damagedStep, error] of passedOver) {
      yield* onCorrupt(error)
      yield* setAside(root, damagedStep, ".damaged")
    }
    return loaded
  }
  if (passedOver.length === 0) return undefined
  return yield* new NoCheckpointWhole({ root, problems: passedOver.map(([, { message }]) => message) })
})
