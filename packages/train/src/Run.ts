import { Effect, Layer, Ref } from "effect"
import { dataDirsOf, scratchDir } from "./dataDirs.ts"
import { explained } from "./OutOfMemory.ts"
import { layersOf, type Stages } from "./PretrainLayers.ts"
import { evaluate } from "./Run/evaluate.ts"
import { exportEncoder } from "./Run/exportEncoder.ts"
import { inspect } from "./Run/inspect.ts"
import { checkOwnStages } from "./Run/ownStages.ts"
import { prepare } from "./Run/prepare.ts"
import { warning } from "./Run/RunMessages.ts"
import { type Approve, type RunSource, startOf } from "./Run/start.ts"
import { type TrainOptions, trainIn } from "./Run/trainIn.ts"
import { warnings } from "./RunConfig.ts"
import * as RunFolder from "./RunFolder.ts"
import { RunState } from "./RunState.ts"

export { ConfigChanged, InitialWeightsChanged } from "./Run/errors.ts"
export { RunMessages } from "./Run/RunMessages.ts"
export type { NewRun, ResumedRun, RunSource } from "./Run/start.ts"
export type { TrainOptions } from "./Run/trainIn.ts"

export interface OpenOptions<E = never> {
  /** Stages of your own, in place of those that the config names. */
  readonly stages?: Stages
  /** The one folder that is searched for a data set which is not embedded (default: cache and system). */
  readonly dataDir?: string | undefined
  readonly approve?: Approve<E>
}

/**
 * Opens a run: decides between a new one and one that goes on, makes its stages, and puts its state in place, so that it
 * can be trained, evaluated and exported. The folder is this process's until the Scope closes, and all tensors are
 * released then; nothing of the run in it is changed before it is trained.
 *
 *     const run = yield* Run.open({ config: fashionMnistQuick() })
 *     yield* run.train()
 *
 * Opening is interruptible while the stages are made, and nowhere else.
 */
export const open = <E = never>(source: RunSource, options: OpenOptions<E> = {}) =>
  Effect.flatMap(startOf(source, options.approve ?? (() => Effect.void)), (start) => {
    const { config, initial } = start
    return Effect.gen(function* () {
      yield* checkOwnStages(config, initial, options.stages ?? {})
      for (const { message, path } of warnings(config)) yield* warning(`${path}: ${message}`)
      const dataDirs = yield* dataDirsOf(options.dataDir, config.data.name)
      const given = initial === undefined ? {} : { initial }
      const layers = RunState.layer.pipe(
        Layer.provideMerge(
          layersOf(config, { ...options.stages, dataDirs, scratchDir: scratchDir(), ...given })
        )
      )
      const stages = yield* Effect.interruptible(Layer.build(layers))
      // Behind the stages: what cannot be made leaves no folder.
      const folder = start.folder ?? (yield* RunFolder.createNumbered("runs", config.recipe))
      const inFolder = <A, F, R>(effect: Effect.Effect<A, F, R>) =>
        folder.writing(effect).pipe(Effect.provide(stages), explained(config))
      const prepared = yield* inFolder(prepare(start, folder, options.stages ?? {}))
      const taken = yield* Ref.make(start.progress?.step ?? 0)
      let isTrained = false
      return {
        config,
        folder,
        /** The stages, for whatever else is to be done with them. */
        stages,
        /** How far the run was when it was opened; nothing for a new one. */
        progress: start.progress,
        /** Where the weights lie that the run began with, where they are not the seed's. */
        initialWeights: initial === undefined ? undefined : folder.initial,
        /**
         * Trains to the end of the config, saves on the way, and exports the encoder: when the run is stopped, too. To
         * train again, open the folder again. Interruptible between two steps and while it evaluates.
         */
        train: (options: TrainOptions = {}) =>
          Effect.suspend(() => {
            if (isTrained) return Effect.die(new Error("this run was trained already: open its folder again"))
            isTrained = true
            return inFolder(trainIn(start, folder, prepared, taken, options))
          }).pipe(Effect.uninterruptible),
        /** Measures the query encoder as it is now, by every evaluation of the run. Interruptible. */
        evaluate: inFolder(evaluate).pipe(Effect.uninterruptible),
        /** Leaves in the folder what the query encoder as it is now makes of some images, to be looked at. Interruptible. */
        inspect: Effect.flatMap(Ref.get(taken), (steps) => inFolder(inspect(folder, steps))).pipe(
          Effect.uninterruptible
        ),
        /** Writes the query encoder as it is now, with what tells of it beside it; some step must have been taken. */
        export: Effect.flatMap(Ref.get(taken), (steps) =>
          inFolder(exportEncoder(config, folder, prepared, steps))
        ).pipe(Effect.uninterruptible)
      }
    }).pipe(explained(config))
  }).pipe(Effect.uninterruptible)

/** A run that {@link open} has opened. */
export type Run = Effect.Success<ReturnType<typeof open>>

/** Opens the run in a folder to train it up to `epochs`, whether it has reached its end or not. */
export const extend = <E = never>(folder: string, epochs: number, options: OpenOptions<E> = {}) =>
  open({ resume: folder, sets: { "training.epochs": String(epochs) } }, options)
