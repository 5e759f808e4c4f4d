import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { QueryEncoder } from "@moco/core/Encoder"
import { decode } from "@moco/core/Safetensors"
import * as Embedding from "@moco/evaluation/Embedding"
import { Evaluations } from "@moco/evaluation/Evaluations"
import { find } from "@moco/evaluation/Measurement"
import { isBaseline, trained } from "@moco/evaluation/subjects"
import { Checkpoints } from "@moco/train/Checkpoints"
import { encoderBytes } from "@moco/train/EncoderExport"
import { pretrain } from "@moco/train/Pretrain"
import { RecordedEvents, type RunEvent, RunLog } from "@moco/train/RunLog"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Exit, Fiber, Layer } from "effect"
import { evaluatedBy } from "./evaluatedBy.ts"
import { tinyRun } from "./tinyRun.ts"

const tensorflow = Backend.layerTensorflow({ threads: 2 })
const settings = { numEpochs: 3 }
const run = Layer.mergeAll(
  Layer.provideMerge(tinyRun(), tensorflow),
  RunLog.layerMemory,
  Checkpoints.layerNone
)

const byKind = <K extends RunEvent["event"]>(events: ReadonlyArray<RunEvent>, kind: K) =>
  events.filter((event): event is Extract<RunEvent, { event: K }> => event.event === kind)

describe("Pretrain", () => {
  it.effect(
    "records every step, evaluates the encoder on time and at the end, and both baselines beside it",
    () =>
      Effect.gen(function* () {
        const result = yield* pretrain(settings)
        const events = yield* (yield* RecordedEvents).all
        assert.deepStrictEqual(
          byKind(events, "step").map(({ step }) => step),
          Array.from({ length: 24 }, (_, i) => i)
        )
        assert.deepStrictEqual(
          byKind(events, "evaluation").map(({ measurements, step }) => [
            ...new Set(measurements.map(({ subject }) => subject)),
            step
          ]),
          [
            ["raw pixels", 0],
            ["untrained encoder", 0],
            ["trained encoder", 16],
            ["trained encoder", 24]
          ]
        )
        assert.deepStrictEqual(
          byKind(events, "finished").map(({ outcome, step }) => [outcome, step]),
          [["completed", 24]]
        )
        assert.strictEqual(result.numSteps, 24)
        assert.deepStrictEqual(
          result.measurements.filter((measurement) => !isBaseline(measurement)),
          byKind(events, "evaluation")[3]!.measurements
        )
      }).pipe(Effect.provide(run))
  )

  it.effect("takes its first step at once, and evaluates as untrained what it began with", () =>
    Effect.gen(function* () {
      const [knn] = yield* Evaluations
      // Before the first step the query encoder is the untrained one.
      const embedding = Embedding.open({ ...(yield* trained), subject: "untrained encoder" })
      const untrained = yield* Effect.scoped(Effect.flatMap(embedding, knn!.evaluate))
      const result = yield* pretrain(settings)
      const [first] = yield* (yield* RecordedEvents).all
      assert.strictEqual(first!.event, "step")
      const valuesOf = (subject: string) =>
        untrained.map(({ metric }) => find(result.measurements, { subject, metric })!.value)
      const values = untrained.map(({ value }) => value)
      assert.deepStrictEqual(valuesOf("untrained encoder"), values)
      assert.notDeepEqual(valuesOf("trained encoder"), values)
    }).pipe(Effect.provide(run))
  )

  it.effect(
    "tells chance level, dictionary fill, pretext accuracy, encoder distance and spread of the features",
    () =>
      Effect.gen(function* () {
        yield* pretrain(settings)
        const steps = byKind(yield* (yield* RecordedEvents).all, "step")
        assert.closeTo(steps[0]!.metrics["chanceLoss"]!, Math.log(21), 1e-12)
        // Before the first commit the queue is noise; 8 of 20 slots a step after that.
        assert.deepStrictEqual(
          steps.slice(0, 4).map(({ metrics }) => metrics["dictionaryFill"]),
          [0, 0.4, 0.8, 1]
        )
        // The encoders are equal when the first step looks, and apart from then on.
        assert.strictEqual(steps[0]!.metrics["encoderDistance"], 0)
        assert.isAbove(steps[5]!.metrics["encoderDistance"]!, 0)
        for (const { metrics } of steps.slice(1)) {
          const { featureStd, numTensors, pretextAccuracy } = metrics
          assert.isTrue(pretextAccuracy! >= 0 && pretextAccuracy! <= 1)
          assert.isTrue(featureStd! > 0 && featureStd! < 1)
          assert.strictEqual(numTensors, steps[1]!.metrics["numTensors"])
        }
      }).pipe(Effect.provide(run))
  )

  it.effect("stops between two steps when it is interrupted, and says so in the log", () =>
    Effect.gen(function* () {
      const seen = yield* RecordedEvents
      const fiber = yield* Effect.forkChild(pretrain({ numEpochs: 1000 }))
      while (byKind(yield* seen.all, "step").length < 3) yield* Effect.yieldNow
      yield* Fiber.interrupt(fiber)
      const exit = yield* Fiber.await(fiber)
      assert.isTrue(Exit.isFailure(exit))
      const events = yield* seen.all
      const numSteps = byKind(events, "step").length
      assert.deepInclude(byKind(events, "finished")[0], { outcome: "interrupted", step: numSteps })
      // What there is can still be written.
      const query = yield* QueryEncoder
      const { tensors } = yield* decode(yield* encoderBytes(numSteps))
      assert.strictEqual(
        String(tensors["fc.bias"]!.data),
        String(query.parameters.get()["fc.bias"]!.dataSync())
      )
      assert.deepStrictEqual(tensors["bn1.num_batches_tracked"]?.data, BigInt64Array.of(BigInt(numSteps)))
    }).pipe(Effect.provide(run))
  )

  it.effect("releases the untrained weights too when it is interrupted while they are evaluated", () =>
    Effect.gen(function* () {
      yield* Backend
      const { numTensors } = tf.memory()
      yield* Effect.gen(function* () {
        let numEvaluated = 0
        const stuck = evaluatedBy(
          (evaluate) => (embedding) => (numEvaluated++ < 1 ? evaluate(embedding) : Effect.never)
        )
        const before = tf.memory().numTensors
        const fiber = yield* Effect.forkChild(stuck(pretrain({ numEpochs: 1 })))
        while (numEvaluated < 2) yield* Effect.yieldNow
        assert.isAbove(tf.memory().numTensors, before)
        yield* Fiber.interrupt(fiber)
      }).pipe(Effect.provide(Layer.mergeAll(tinyRun(), RunLog.layerMemory, Checkpoints.layerNone)))
      assert.strictEqual(tf.memory().numTensors, numTensors)
    }).pipe(Effect.provide(tensorflow))
  )

  it.effect("releases every tensor after an interruption", () =>
    Effect.gen(function* () {
      yield* Backend
      const { numTensors } = tf.memory()
      yield* Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(pretrain({ numEpochs: 1000 }))
        while ((yield* (yield* RecordedEvents).all).length < 5) yield* Effect.yieldNow
        yield* Fiber.interrupt(fiber)
      }).pipe(Effect.provide(Layer.mergeAll(tinyRun(), RunLog.layerMemory, Checkpoints.layerNone)))
      assert.strictEqual(tf.memory().numTensors, numTensors)
    }).pipe(Effect.provide(tensorflow))
  )
})
