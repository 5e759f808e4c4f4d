import * as SafeFile from "@moco/core/SafeFile"
import { inspect } from "@moco/evaluation/Inspection/inspect"
import { Effect, FileSystem, Layer, Path, Schema } from "effect"
import { dataDirsOf, scratchDir } from "./dataDirs.ts"
import { EncoderCard } from "./EncoderCard.ts"
import * as FolderLock from "./FolderLock.ts"
import { fileTrouble } from "./fileTrouble.ts"
import { explained } from "./OutOfMemory.ts"
import { evaluationLayersOf, type Stages } from "./PretrainLayers.ts"
import { keepInspected } from "./Run/inspect.ts"
import { shorten } from "./RunConfig/Problem.ts"
import { refuseStrange } from "./RunFolder/contents.ts"
import { RunWentOn } from "./RunFolder/errors.ts"
import { filesOf, type RunFolder } from "./RunFolder/files.ts"
import { RunFolderEmpty } from "./RunFolder.ts"
import { newestWhole, type StoredEncoder } from "./StoredEncoder.ts"

export interface InspectOptions {
  /** Stages of your own, in place of those that the config names. */
  readonly stages?: Stages
  readonly dataDir?: string | undefined
}

/**
 * Looks at what a stored encoder makes of images, and leaves it in the folder of its run, as the run would have at its
 * end. The run is not locked while it looks, and it is interruptible then; what was seen is written under the folder's
 * lock. Where a process works in the folder, before or then, this fails with `FolderLocked`, and where the run has gone
 * on and ended meanwhile with `RunWentOn`; nothing is written.
 */
export const inspectStored = (
  folderPath: string,
  stored: StoredEncoder,
  { dataDir, stages = {} }: InspectOptions = {}
) =>
  Effect.gen(function* () {
    const folder = filesOf(yield* Path.Path, folderPath)
    yield* refuseStrange(folder)
    yield* requireIdle(folder)
    const step = stored.step ?? (yield* exportedAfter(folder))
    // One that was chosen may be older than the newest, which must be the same afterwards all the same.
    const newest = stored.which === "last" ? stored.step : yield* newestStep(folder)
    const { weights } = stored
    const dataDirs = yield* dataDirsOf(dataDir, stored.config.data.name)
    const layers = evaluationLayersOf(
      { ...stored.config, evaluations: {} },
      { ...stages, dataDirs, scratchDir: scratchDir(), initial: weights }
    )
    const services = yield* Effect.interruptible(Layer.build(layers))
    const inspected = yield* Effect.interruptible(Effect.provide(inspect(step), services))
    yield* writing(folder, newest, keepInspected(folder, step, inspected))
    return inspected.inspection
  }).pipe(Effect.scoped, explained(stored.config), Effect.uninterruptible)

/** Before minutes of work. It may start meanwhile: only who holds the lock may write. */
const requireIdle = Effect.fnUntraced(function* ({ lock }: RunFolder) {
  const owner = yield* FolderLock.holderOf(lock)
  if (owner !== undefined) return yield* new FolderLock.FolderLocked({ path: lock, owner })
})

/** Writes into the folder of a run under its lock, and not where its newest state is another than it was. */
const writing = Effect.fnUntraced(function* <A, E, R>(
  folder: RunFolder,
  before: number | undefined,
  write: Effect.Effect<A, E, R>
) {
  const { fence } = yield* FolderLock.hold(folder.lock)
  const newest = yield* newestStep(folder)
  if (newest !== before) {
    return yield* new RunWentOn({ path: folder.path, read: stateOf(before), newest: stateOf(newest) })
  }
  return yield* Effect.provideServiceEffect(
    write,
    FileSystem.FileSystem,
    Effect.map(FileSystem.FileSystem, fence)
  )
}, Effect.scoped)

const newestStep = ({ checkpoints }: RunFolder) =>
  Effect.map(newestWhole(checkpoints), (newest) => newest?.stored.manifest.progress.step)

const stateOf = (step: number | undefined): string =>
  step === undefined ? "its export, without a checkpoint" : `step ${step}`

const decodeCard = Schema.decodeUnknownEffect(Schema.fromJsonString(EncoderCard))

/** Steps that an exported encoder had taken. */
const exportedAfter = ({ encoderCard, path }: RunFolder) => {
  const untold = (reason: string) => {
    const needed = "it has no checkpoint, and after how many steps its encoder was exported stands in"
    return new RunFolderEmpty({ path, problem: `${needed} ${encoderCard}: ${shorten(reason, 300)}` })
  }
  return SafeFile.readText(encoderCard, { maxBytes: 2 ** 20 }).pipe(
    Effect.mapError((error) => untold(`it cannot be read: ${fileTrouble(error).reason}`)),
    Effect.flatMap((text) =>
      Effect.mapError(decodeCard(text), ({ message }) => untold(`it is damaged: ${message}`))
    ),
    Effect.map(({ training }) => training.step)
  )
}
