import * as SafeFile from "@moco/core/SafeFile"
import { decode, encode, SafetensorsMalformed } from "@moco/core/Safetensors"
import { Effect, FileSystem, Path, Schema } from "effect"
import { sha256 } from "../Checkpoint/manifest.ts"
import { fileTrouble } from "../fileTrouble.ts"
import type { GivenWeights } from "../InitialWeights.ts"
import { filesOf } from "../RunFolder/files.ts"
import * as RunFolder from "../RunFolder.ts"

/** Weights that a run was to begin with cannot be read; `reason` and `hint` are in plain words. */
export class WeightsUnreadable extends Schema.TaggedError<WeightsUnreadable>()("WeightsUnreadable", {
  path: Schema.String,
  reason: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `the weights ${this.path} cannot be read: ${this.reason}\n  ${this.hint}`
  }
}

const usual = "give a safetensors file with torchvision's names, or the folder of a run that has ended"

/** More than the largest ResNet by far; what is larger is no encoder. */
const maxBytes = 2 ** 32

/** The weights in a file, or those that the run in a folder has exported. */
export const weightsIn = Effect.fn("InitialWeights.weightsIn")(function* (source: string) {
  const path = yield* Path.Path
  const fileSystem = yield* FileSystem.FileSystem
  const isFolder = yield* Effect.match(fileSystem.stat(source), {
    onSuccess: ({ type }) => type === "Directory",
    onFailure: () => false
  })
  const file = isFolder ? filesOf(path, source).encoder : source
  const bytes = yield* regularFile(file)
  const { tensors } = yield* decodeAt(file, bytes)
  const weights: GivenWeights = { source: file, sha256: sha256(bytes), tensors }
  return weights
})

/** Puts the weights that a run begins with into its folder, so that nobody needs the file again. */
export const keepInitial = (folder: RunFolder.RunFolder, { sha256, source, tensors }: GivenWeights) =>
  RunFolder.writeFile(folder.initial, encode(tensors, { source, sha256, content: contentHash(tensors) }))

/** The weights that the run in a folder has begun with; nothing where they were the seed's. */
export const initialIn = Effect.fn("InitialWeights.initialIn")(function* ({ initial }: RunFolder.RunFolder) {
  const fileSystem = yield* FileSystem.FileSystem
  const exists = yield* Effect.mapError(
    fileSystem.exists(initial),
    (error) => new WeightsUnreadable({ path: initial, ...fileTrouble(error) })
  )
  if (!exists) return undefined
  const { metadata, tensors } = yield* decodeAt(initial, yield* regularFile(initial))
  if (metadata["content"] !== contentHash(tensors)) {
    return yield* new SafetensorsMalformed({ where: initial, problem: "its hash does not fit its content" })
  }
  const weights: GivenWeights = {
    source: metadata["source"] ?? initial,
    sha256: metadata["sha256"] ?? "",
    tensors
  }
  return weights
})

/**
 * The weights that a run has begun with, as {@link initialIn}; fails where they are not those that its checkpoint tells
 * of. A run that went back to its beginning without them would go back to another one.
 *
 * @param expected  SHA-256 of the file that they are of, or null for the seed's; left out where nothing tells it
 */
export const initialOf = Effect.fn("InitialWeights.initialOf")(function* (
  folder: RunFolder.RunFolder,
  expected: string | null | undefined
) {
  const found = yield* initialIn(folder)
  if (expected === undefined || expected === (found?.sha256 ?? null)) return found
  const where = folder.initial
  if (found === undefined) {
    const reason = "it is gone, and the run has begun with the weights in it"
    return yield* new WeightsUnreadable({ path: where, reason, hint: "put back a copy of it" })
  }
  const begun = expected === null ? "those of its seed" : `those of a file with SHA-256 ${expected}`
  const problem = `it holds weights of ${found.source}, and the run has begun with ${begun}`
  return yield* new SafetensorsMalformed({ where, problem })
})

/** Equal tensors give equal bytes, whatever file they were read from. */
const contentHash = (tensors: GivenWeights["tensors"]): string => sha256(encode(tensors))

const decodeAt = (file: string, bytes: Uint8Array) =>
  Effect.mapError(
    decode(bytes),
    ({ problem, where }) => new SafetensorsMalformed({ where: `${file}: ${where}`, problem })
  )

const regularFile = (file: string) =>
  Effect.mapError(
    SafeFile.readBytes(file, { maxBytes }),
    (error) => new WeightsUnreadable({ path: file, reason: fileTrouble(error).reason, hint: usual })
  )
