import { Backend } from "@moco/core/Backend"
import { QueryEncoder } from "@moco/core/Encoder"
import { threadsIn } from "@moco/core/EnvironmentInvalid"
import * as Escape from "@moco/core/Escape"
import { Dataset } from "@moco/data/Dataset"
import { ViewPairs } from "@moco/data/ViewPairs"
import { Effect } from "effect"
import { type Fingerprint, fingerprintDifferences, fingerprintOf } from "../Checkpoint/fingerprint.ts"
import type { StoredCheckpoint } from "../Checkpoint/load.ts"
import type { RunIdentity } from "../Checkpoints.ts"
import type { Stages } from "../PretrainLayers.ts"
import type { RunConfig } from "../RunConfig.ts"
import { type Environment, environment } from "../RunFolder/environment.ts"
import * as RunFolder from "../RunFolder.ts"
import { RunState } from "../RunState.ts"
import { ConfigChanged } from "./errors.ts"
import { changeOf } from "./goOnWith.ts"
import { identityOf } from "./identityOf.ts"
import { ownStageNames } from "./ownStages.ts"
import { info, warning } from "./RunMessages.ts"
import { type RunStart, requireNotPassed } from "./start.ts"

/** Puts a run's state to where its first step, or its next one, begins; nothing in its folder is changed yet. */
export const prepare = Effect.fn("Run.prepare")(function* (
  start: RunStart,
  folder: RunFolder.RunFolder,
  stages: Stages
) {
  const { config, from, initial } = start
  const isThere = yield* RunFolder.hold(folder)
  const { stepsPerEpoch } = yield* ViewPairs
  yield* requireNotPassed(folder.path, config, from, stepsPerEpoch)
  const ownStages = ownStageNames(stages)
  if (from !== undefined) yield* requireSameStages(folder.path, from.manifest.ownStages, ownStages)
  const { name, train } = yield* Dataset
  const images = identityOf(train)
  if (from !== undefined) yield* requireSameImages(folder.path, name, from.manifest.images, images)
  const change = yield* changeOf(start)
  const backend = yield* Backend
  const threads = threadsIn(process.env, config.backend.threads)
  const found: Environment = {
    ...(yield* environment(backend, threads)),
    ...{ ownStages, images: { name, sha256: images } }
  }
  const fingerprint = fingerprintOf(backend, threads, found.cpu)
  yield* announce(config, folder, found)
  if (from !== undefined) yield* restore(from, fingerprint)
  const ownNetwork = stages.encoder === undefined ? undefined : (yield* QueryEncoder).network
  const identity: RunIdentity = {
    ...{ config, fingerprint, ownStages, images },
    initialWeights: initial?.sha256 ?? null
  }
  return { isThere, change, environment: found, identity, ownNetwork }
})

/** What {@link prepare} has found out. */
export type Prepared = Effect.Success<ReturnType<typeof prepare>>

/** A run goes on with the stages of a program's own that it has begun with: no config tells of them. */
const requireSameStages = Effect.fnUntraced(function* (
  path: string,
  before: ReadonlyArray<string> | undefined,
  now: ReadonlyArray<string>
) {
  const words = (names: ReadonlyArray<string>) => (names.length === 0 ? "none" : names.join(", "))
  if (before === undefined) {
    // Of an older program: refusing all that go on with stages of their own would end their runs.
    const untold = `the checkpoint does not tell which stages were given in code; given now: ${words(now)}`
    return now.length === 0 ? undefined : yield* warning(`${untold}. The run goes on with these`)
  }
  if (String(before) === String(now)) return
  return yield* new ConfigChanged({
    path,
    differences: [{ path: "stages given in code", before: words(before), now: words(now) }],
    hint: "open it with the stages that it has begun with, or begin a new run with these in another folder"
  })
})

/** The order of the images, and so every step that is left, is made of all of them. */
const requireSameImages = (path: string, name: string, before: string | undefined, now: string) => {
  if (before === undefined || before === now) return Effect.void
  const shorten = (hash: string) => hash.slice(0, 12)
  return Effect.fail(
    new ConfigChanged({
      path,
      differences: [{ path: `the training images of ${name}`, before: shorten(before), now: shorten(now) }],
      hint: "put the files back as they were, or begin a new run with these in another folder"
    })
  )
}

/** Says what is about to run. */
const announce = Effect.fnUntraced(function* (
  config: RunConfig,
  folder: RunFolder.RunFolder,
  { backend, threads }: Environment
) {
  const { name, test, train } = yield* Dataset
  yield* info(
    [
      `${config.recipe}, seed ${config.seed}: ${train.numImages} images of ${name}, evaluated on ${test?.numImages ?? "none"}`,
      `${backend.name} ${Escape.line(backend.version)} on ${backend.device}, ${threads} ${threads === 1 ? "thread" : "threads"}`,
      `run folder: ${Escape.line(folder.path)}`
    ].join("\n")
  )
})

/** Puts a checkpoint's state in place; where the machine is another one, says that bits may differ. */
const restore = Effect.fnUntraced(function* (
  { manifest, parts }: StoredCheckpoint,
  fingerprint: Fingerprint
) {
  const state = yield* RunState
  for (const difference of fingerprintDifferences(manifest.fingerprint, fingerprint)) {
    yield* warning(`${Escape.line(difference)}: the run goes on, and its last bits may differ`)
  }
  yield* state.restore({ parts, counters: manifest.counters })
  yield* info(`goes on after step ${manifest.progress.step}`)
})
