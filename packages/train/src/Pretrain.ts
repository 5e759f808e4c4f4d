import { QueryEncoder, weightsOf } from "@moco/core/Encoder"
import type { SafetensorsMalformed } from "@moco/core/Safetensors"
import type { SnapshotMismatch, TensorError } from "@moco/core/Tensor"
import { ViewPairs } from "@moco/data/ViewPairs"
import * as tf from "@tensorflow/tfjs-core"
import { Clock, Effect } from "effect"
import type { NoCheckpointWhole } from "./Checkpoint/errors.ts"
import type { RunProgress } from "./Checkpoint/manifest.ts"
import { Checkpoints, type Position, type SaveError } from "./Checkpoints.ts"
import type { NonFinite } from "./Diagnostics.ts"
import { Evaluation, type KnnAccuracy, type Represent } from "./Evaluation.ts"
import { pretrainStep } from "./PretrainStep.ts"
import { RunLog } from "./RunLog.ts"

/** How long to train, how often to look, and where to begin. */
export interface PretrainSettings {
  readonly numEpochs: number
  readonly evaluateEveryEpochs: number
  /** What happens when a number is not finite: the run fails, or goes on from the last checkpoint more slowly. */
  readonly onNonFinite?: "stop" | "rollback"
  /** How far the run is whose state was restored. */
  readonly from?: RunProgress
}

/** What a completed run has to show; the baselines are judged in the same run by the same protocol. */
export interface PretrainResult {
  readonly outcome: "completed"
  readonly numSteps: number
  readonly trainingSeconds: number
  readonly evaluationSeconds: number
  readonly evaluations: {
    readonly encoder: ReadonlyArray<KnnAccuracy>
    readonly untrainedEncoder: ReadonlyArray<KnnAccuracy>
    readonly rawPixels: ReadonlyArray<KnnAccuracy>
  }
}

type Subject = keyof PretrainResult["evaluations"]

const seconds = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / 1e9)

/** Pixels as they enter the encoder: the baseline that a representation has to beat. */
const rawPixels: Represent = (image_NHWC) => tf.reshape(image_NHWC, [image_NHWC.shape[0], -1]) as tf.Tensor2D

/** A run that has not begun. */
const beginning: RunProgress = {
  step: 0,
  trainingSeconds: 0,
  evaluationSeconds: 0,
  logPosition: 0,
  evaluations: {},
  evaluatedAt: 0,
  rollbacks: 0,
  rateFactor: 1
}

/** What the learning rate is multiplied by at every rollback, and how often a run may go back. */
const rollbackFactor = 0.5
const maxRollbacks = 5

/**
 * Trains the query encoder and judges it, with both baselines beside it.
 *
 * Interruptible between two steps: whatever a step has begun is finished or left out as a whole, and the state is saved.
 * A run that continues from a checkpoint takes the same steps to the bit as one that was never stopped.
 */
export const pretrain = Effect.fn("pretrain")(function* (settings: PretrainSettings) {
  const { stepsPerEpoch } = yield* ViewPairs
  const query = yield* QueryEncoder
  const evaluation = yield* Evaluation
  const runLog = yield* RunLog
  const checkpoints = yield* Checkpoints
  const takeStep = yield* pretrainStep
  const { numEpochs } = settings
  const numSteps = numEpochs * stepsPerEpoch
  let progress = settings.from ?? beginning
  let isFinished = false
  const epoch = () => Math.floor(progress.step / stepsPerEpoch)

  const judge = Effect.fnUntraced(function* (subject: Subject, represent: Represent) {
    const start = yield* seconds
    const neighbours = yield* evaluation.judge(represent)
    const elapsed = (yield* seconds) - start
    const { step } = progress
    const event = {
      event: "evaluation",
      step,
      epoch: epoch(),
      subject,
      neighbours,
      seconds: elapsed
    } as const
    const note = Effect.sync(() => {
      const { accuracy } = neighbours[0]!
      const isBest = subject === "encoder" && accuracy > (progress.best?.accuracy ?? Number.NEGATIVE_INFINITY)
      progress = {
        ...progress,
        evaluationSeconds: progress.evaluationSeconds + elapsed,
        evaluations: { ...progress.evaluations, [subject]: neighbours },
        ...(subject === "encoder" ? { evaluatedAt: step } : {}),
        ...(isBest ? { best: { step, accuracy } } : {})
      }
    })
    // Judging may take minutes and can be stopped, and is then done again; what is logged is counted too.
    yield* Effect.uninterruptible(Effect.andThen(runLog.record(event), note))
  })
  const representByQuery: Represent = (image_NHWC) => query.network.represent(weightsOf(query), image_NHWC)
  const judgeEncoder = judge("encoder", representByQuery)

  const flushed = Effect.map(runLog.flush, (logPosition) => ({ ...progress, logPosition }))
  const save = Effect.suspend(() => checkpoints.save(progress.step, flushed))
  /** A step that failed has changed nothing: what there was before it is saved, unless it is what one goes back from. */
  const saveBefore = ({ _tag }: NonFinite | TensorError) =>
    _tag === "NonFinite" && settings.onNonFinite === "rollback" ? Effect.void : Effect.ignore(save)

  /** Interruption waits until the step is taken, logged and counted. */
  const trainStep = Effect.gen(function* () {
    const start = yield* seconds
    const { numImages, ...diagnostics } = yield* Effect.tapError(
      takeStep(progress.step, progress.rateFactor),
      saveBefore
    )
    const elapsed = (yield* seconds) - start
    yield* runLog.record({
      event: "step",
      epoch: epoch(),
      numSteps,
      numEpochs,
      ...diagnostics,
      stepMs: 1000 * elapsed,
      imagesPerSecond: numImages / elapsed,
      numTensors: tf.memory().numTensors
    })
    progress = {
      ...progress,
      step: progress.step + 1,
      trainingSeconds: progress.trainingSeconds + elapsed
    }
  }).pipe(Effect.uninterruptible)

  /** Goes back to the last checkpoint and on from there with a smaller learning rate. */
  const rollBack = Effect.fnUntraced(function* (error: NonFinite) {
    const { rollbacks } = progress
    if (settings.onNonFinite !== "rollback" || rollbacks >= maxRollbacks) return yield* error
    const restored = yield* checkpoints.rollback
    if (restored === undefined) return yield* error
    const rateFactor = rollbackFactor * Math.min(progress.rateFactor, restored.rateFactor)
    progress = { ...restored, rateFactor, rollbacks: rollbacks + 1 }
    yield* runLog.truncate(restored.logPosition)
    const { message: reason, step: failedStep } = error
    yield* runLog.record({ event: "rolledBack", step: restored.step, failedStep, reason, rateFactor })
  }, Effect.uninterruptible)

  const finished = (outcome: "completed" | "interrupted") =>
    Effect.suspend(() => {
      const { evaluationSeconds, step, trainingSeconds } = progress
      const event = {
        event: "finished",
        step,
        epoch: epoch(),
        outcome,
        trainingSeconds,
        evaluationSeconds
      } as const
      isFinished = outcome === "completed"
      return runLog.record(event)
    })
  const judgeIfDue = Effect.suspend(() => {
    const { evaluatedAt, step } = progress
    const isTime = step === numSteps || step % (settings.evaluateEveryEpochs * stepsPerEpoch) === 0
    return isTime && step > evaluatedAt ? judgeEncoder : Effect.void
  })

  const run = Effect.gen(function* () {
    if (settings.from !== undefined) yield* runLog.record({ event: "resumed", step: progress.step })
    if (progress.evaluations.rawPixels === undefined) yield* judge("rawPixels", rawPixels)
    if (progress.evaluations.untrainedEncoder === undefined)
      yield* judge("untrainedEncoder", representByQuery)
    // What was due when the run was stopped comes first.
    yield* judgeIfDue
    while (progress.step < numSteps) {
      yield* Effect.catchTag(trainStep, "NonFinite", rollBack)
      // Lets signals and timers in: synchronous steps starve them.
      yield* Effect.yieldNow
      yield* judgeIfDue
      yield* checkpoints.afterStep(positionOf(progress, stepsPerEpoch), flushed)
    }
    // In this order: what is said to be finished must be on disk.
    yield* Effect.uninterruptible(Effect.andThen(save, finished("completed")))
    const { encoder, rawPixels: baseline, untrainedEncoder } = progress.evaluations
    const result: PretrainResult = {
      outcome: "completed",
      numSteps,
      trainingSeconds: progress.trainingSeconds,
      evaluationSeconds: progress.evaluationSeconds,
      evaluations: {
        encoder: encoder!,
        untrainedEncoder: untrainedEncoder!,
        rawPixels: baseline!
      }
    }
    return result
  })
  // Whoever stops a run has to hear when its state could not be saved.
  return yield* Effect.onInterrupt(run, () =>
    isFinished ? Effect.void : Effect.ensuring(save, Effect.ignore(finished("interrupted")))
  )
})

const positionOf = ({ best, step }: RunProgress, stepsPerEpoch: number): Position => ({
  step,
  isEpochsEnd: step % stepsPerEpoch === 0,
  isBest: best?.step === step
})

/** What {@link pretrain} can fail with. */
export type PretrainError =
  | TensorError
  | NonFinite
  | SaveError
  | NoCheckpointWhole
  | SnapshotMismatch
  | SafetensorsMalformed
