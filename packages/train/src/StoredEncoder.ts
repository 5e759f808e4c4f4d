import * as SafeFile from "@moco/core/SafeFile"
import { decode, type HostTensor, SafetensorsMalformed } from "@moco/core/Safetensors"
import { Effect, FileSystem, Option, Path, Schema } from "effect"
import { NoCheckpointWhole } from "./Checkpoint/errors.ts"
import { load, type StoredCheckpoint } from "./Checkpoint/load.ts"
import { sha256 } from "./Checkpoint/manifest.ts"
import { folderName, manifestName, steps } from "./Checkpoint/store.ts"
import { fileTrouble } from "./fileTrouble.ts"
import { weightsIn } from "./InitialWeights/files.ts"
import type { GivenWeights } from "./InitialWeights.ts"
import { shorten } from "./RunConfig/Problem.ts"
import type { RunConfig } from "./RunConfig.ts"
import { filesOf } from "./RunFolder/files.ts"
import * as RunFolder from "./RunFolder.ts"
import { stateFiles } from "./RunState.ts"
import { ConfigUnreadable, readStructuredFile } from "./readStructuredFile.ts"

/** A query encoder that lies in files: its weights, and the config that it was trained by. */
export interface StoredEncoder {
  readonly config: RunConfig
  readonly weights: GivenWeights
  /** Steps that it had taken; unknown of one that was exported by somebody else. */
  readonly step: number | undefined
  /** Which of a run's states it is. */
  readonly which: "last" | "best" | "named"
  /** Stages that were given in code: whoever measures it needs the same ones. */
  readonly ownStages: ReadonlyArray<string>
}

/**
 * The encoder of the run in a folder: its last state of which every byte is right, or the best one. The folder is neither
 * locked nor changed, so that a run can be looked at while it is trained.
 */
export const ofRun = Effect.fn("StoredEncoder.ofRun")(function* (folder: string, which: "last" | "best") {
  const path = yield* Path.Path
  const files = filesOf(path, folder)
  if (!(yield* RunFolder.exists(folder))) return yield* noRun(folder, "there is no such folder")
  const config = yield* RunFolder.readConfig(files)
  const newest = yield* newestWhole(files.checkpoints)
  if (which === "best") {
    const best = newest?.stored.manifest.progress.best
    if (best === undefined) return yield* noRun(folder, "nothing says which of its states is the best")
    const at = path.join(files.checkpoints, folderName(best.step))
    if (!(yield* isPerhaps(at))) {
      return yield* noRun(folder, `its best state, of step ${best.step}, is not kept among its checkpoints`)
    }
    return yield* ofCheckpoint(at, "best")
  }
  // A run that goes on has a newer state in its checkpoints than in what it exported when it was stopped.
  if (newest !== undefined) return yield* encoderIn(newest.folder, newest.stored, "last")
  if (!(yield* isPerhaps(files.encoder)))
    return yield* noRun(folder, "it has no checkpoint, and has exported no encoder")
  const stored: StoredEncoder = {
    ...{ config, weights: yield* weightsIn(folder), step: undefined, which },
    ownStages: yield* ownStagesIn(files.environment)
  }
  return stored
})

/** What cannot be looked at may be there: reading it tells why it cannot be. */
const isPerhaps = Effect.fnUntraced(function* (file: string) {
  const fileSystem = yield* FileSystem.FileSystem
  return yield* Effect.orElseSucceed(fileSystem.exists(file), () => true)
})

const Environment = Schema.Struct({ ownStages: Schema.optionalKey(Schema.Array(Schema.String)) })

/**
 * What the program that exported an encoder had given in code; none where there is no file that tells of it. One that
 * cannot be read might tell of some: without them the encoder would be taken for another.
 */
const ownStagesIn = Effect.fnUntraced(function* (file: string) {
  const unreadable = (reason: string) =>
    new ConfigUnreadable({ kind: "environment", path: file, reason: shorten(reason, 300), hint: putBack })
  const found = yield* Effect.mapError(SafeFile.lstat(file), (error) => unreadable(fileTrouble(error).reason))
  if (Option.isNone(found)) return []
  const read = yield* Effect.mapError(readStructuredFile("environment", file), ({ reason }) =>
    unreadable(reason)
  )
  const { ownStages = [] } = yield* Effect.mapError(decodeEnvironment(read), ({ message }) =>
    unreadable(message)
  )
  return ownStages
})

const putBack =
  "it tells which stages were given in code: put a copy of it back, or remove it if you know that there were none"

const decodeEnvironment = Schema.decodeUnknownEffect(Environment)

/** The newest checkpoint that is whole; nothing where there is none at all. A damaged one stays where it is. */
export const newestWhole = Effect.fnUntraced(function* (root: string) {
  const path = yield* Path.Path
  const problems: Array<string> = []
  for (const step of yield* steps(root)) {
    const folder = path.join(root, folderName(step))
    const stored = yield* Effect.catchTag(load(folder), "CheckpointCorrupt", ({ message }) =>
      Effect.sync(() => void problems.push(message))
    )
    if (stored !== undefined) return { folder, stored }
  }
  return problems.length === 0 ? undefined : yield* new NoCheckpointWhole({ root, problems })
})

/** The encoder in the folder of a checkpoint, or in a file of it. */
export const ofFile = Effect.fn("StoredEncoder.ofFile")(function* (named: string) {
  const path = yield* Path.Path
  const fileSystem = yield* FileSystem.FileSystem
  const exists = (file: string) => Effect.orElseSucceed(fileSystem.exists(file), () => false)
  for (const folder of [named, path.dirname(named)]) {
    if (yield* exists(path.join(folder, manifestName))) return yield* ofCheckpoint(folder, "named")
  }
  const weights = yield* weightsIn(named)
  const files = filesOf(path, path.dirname(weights.source))
  const config = yield* RunFolder.readConfig(files)
  const ownStages = yield* ownStagesIn(files.environment)
  const stored: StoredEncoder = { config, weights, step: undefined, which: "named", ownStages }
  return stored
})

const noRun = (path: string, problem: string) => new RunFolder.RunFolderEmpty({ path, problem })

const ofCheckpoint = Effect.fnUntraced(function* (folder: string, which: StoredEncoder["which"]) {
  const stored = yield* Effect.catchTag(
    load(folder),
    "CheckpointCorrupt",
    ({ message }) => new NoCheckpointWhole({ root: folder, problems: [message] })
  )
  return yield* encoderIn(folder, stored, which)
})

const encoderIn = Effect.fnUntraced(function* (
  folder: string,
  { manifest, parts }: StoredCheckpoint,
  which: StoredEncoder["which"]
) {
  const path = yield* Path.Path
  const source = path.join(folder, stateFiles.query)
  const bytes = parts[stateFiles.query] ?? new Uint8Array()
  const stored: StoredEncoder = {
    config: manifest.config,
    weights: { source, sha256: sha256(bytes), tensors: yield* queryOf(source, bytes) },
    step: manifest.progress.step,
    which,
    // What is older tells nothing of them itself.
    ownStages:
      manifest.ownStages ?? (yield* ownStagesIn(filesOf(path, path.join(folder, "..", "..")).environment))
  }
  return stored
})

/** The query encoder of a checkpoint, under PyTorch's names and in its layout. */
const queryOf = Effect.fnUntraced(function* (source: string, bytes: Uint8Array) {
  const { tensors } = yield* Effect.mapError(
    decode(bytes),
    ({ problem, where }) => new SafetensorsMalformed({ where: `${source}: ${where}`, problem })
  )
  return Object.fromEntries(
    Object.entries(tensors).map(([name, host]) => [
      name.replace(/^query\.(parameters|statistics)\./, ""),
      inTorchLayout(host)
    ])
  )
})

/** Filters are [height, width, in, out] here and [out, in, height, width] in PyTorch; all else is the same. */
const inTorchLayout = (host: HostTensor): HostTensor => {
  if (host.dtype !== "F32" || host.shape.length !== 4) return host
  const [height, width, inputs, outputs] = host.shape as [number, number, number, number]
  const data = new Float32Array(host.data.length)
  host.data.forEach((value, at) => {
    const [output, input] = [at % outputs, Math.floor(at / outputs) % inputs]
    data[(output * inputs + input) * height * width + Math.floor(at / (outputs * inputs))] = value
  })
  return { dtype: "F32", shape: [outputs, inputs, height, width], data }
}
