import * as SafeFile from "@moco/core/SafeFile"
import { Effect, Layer, Path, Schema } from "effect"
import { dataDirsOf, scratchDir } from "./dataDirs.ts"
import { EncoderCard } from "./EncoderCard.ts"
import * as FolderLock from "./FolderLock.ts"
import { explained } from "./OutOfMemory.ts"
import { evaluationLayersOf, type Stages } from "./PretrainLayers.ts"
import { inspect } from "./Run/inspect.ts"
import { refuseStrange } from "./RunFolder/contents.ts"
import { filesOf, type RunFolder } from "./RunFolder/files.ts"
import { RunFolderEmpty } from "./RunFolder.ts"
import type { StoredEncoder } from "./StoredEncoder.ts"

export interface InspectOptions {
  /** Stages of your own, in place of those that the config names. */
  readonly stages?: Stages
  readonly dataDir?: string | undefined
}

/**
 * Looks at what a stored encoder makes of images, and leaves it in the folder of its run, as the run would have at its
 * end. The run is not locked; where a process works in its folder, nothing is written and this fails with `FolderLocked`.
 * Interruptible while it looks.
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
    const { weights } = stored
    const dataDirs = yield* dataDirsOf(dataDir, stored.config.data.name)
    const layers = evaluationLayersOf(
      { ...stored.config, evaluations: {} },
      { ...stages, dataDirs, scratchDir: scratchDir(), initial: weights }
    )
    const services = yield* Effect.interruptible(Layer.build(layers))
    // The run may have gone on meanwhile: it is the one to write then.
    return yield* Effect.provide(inspect(folder, step, requireIdle(folder)), services)
  }).pipe(Effect.scoped, explained(stored.config), Effect.uninterruptible)

const requireIdle = Effect.fnUntraced(function* ({ lock }: RunFolder) {
  const owner = yield* FolderLock.holderOf(lock)
  if (owner !== undefined) return yield* new FolderLock.FolderLocked({ path: lock, owner })
})

const decodeCard = Schema.decodeUnknownEffect(Schema.fromJsonString(EncoderCard))

/** Steps that an exported encoder had taken. */
const exportedAfter = ({ encoderCard, path }: RunFolder) =>
  SafeFile.readText(encoderCard, { maxBytes: 2 ** 20 }).pipe(
    Effect.flatMap(decodeCard),
    Effect.map(({ training }) => training.step),
    Effect.mapError(() => {
      const problem =
        "it has no checkpoint, and no encoder.json tells after how many steps its encoder was exported"
      return new RunFolderEmpty({ path, problem })
    })
  )
