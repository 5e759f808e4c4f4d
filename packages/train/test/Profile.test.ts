import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as Tensor from "@moco/core/Tensor"
import { pretrainStep, stepSpan } from "@moco/train/PretrainStep"
import { type Profile, profiled } from "@moco/train/Profile"
import { operationCosts, stepMilliseconds } from "@moco/train/Profile/operationCosts"
import { TraceFile, traceText } from "@moco/train/Profile/traceFile"
import * as RunFolder from "@moco/train/RunFolder"
import * as tf from "@tensorflow/tfjs-core"
import { Cause, Effect, Exit, FileSystem, Layer, Schema } from "effect"
import { backends, tinyRun } from "./tinyRun.ts"

const [tensorflow, cpu] = backends
const onTensorflow = Layer.provideMerge(tinyRun(), tensorflow.layer)

/** Takes steps as the trainer does; `after` sees what is so behind each. */
const takeSteps = (numSteps: number, after: (step: number) => void = () => {}) =>
  Effect.gen(function* () {
    const takeStep = yield* pretrainStep
    for (let step = 0; step < numSteps; step++) {
      yield* takeStep(step)
      yield* Effect.yieldNow
      after(step)
    }
  })

/** The profile of what `effect` does, and how it ended. */
const profileOf = <E, R>(warmUp: number, numSteps: number, effect: Effect.Effect<unknown, E, R>) =>
  Effect.gen(function* () {
    const handedOver: Array<Profile> = []
    const handOver = (profile: Profile) => Effect.sync(() => void handedOver.push(profile))
    const exit = yield* Effect.exit(effect.pipe(profiled({ warmUp, numSteps }, handOver)))
    assert.strictEqual(handedOver.length, 1)
    return { profile: handedOver[0]!, exit }
  })

const isUntouched = () => !Object.hasOwn(tf.backend(), "executeSingleOutput")

type Complete = Extract<(typeof TraceFile.Type)["traceEvents"][number], { readonly ph: "X" }>

/** The events of a profile's file, read back. */
const eventsOf = (profile: Profile) =>
  Effect.map(
    Schema.decodeUnknownEffect(Schema.fromJsonString(TraceFile))(traceText(profile)),
    ({ traceEvents }) => traceEvents.filter((event): event is Complete => event.ph === "X")
  )

/** Within, but for the rounding of numbers to 53 bits. */
const isWithin = (inner: Complete, outer: Complete) =>
  inner.ts >= outer.ts - 1e-6 && inner.ts + inner.dur <= outer.ts + outer.dur + 1e-6

describe("profiled", () => {
  it.live("profiles so many steps after the warm-up, hands over at once, and leaves the others alone", () =>
    Effect.gen(function* () {
      const untouchedAfter: Array<boolean> = []
      let numAtHandOver: number | undefined
      let profile: Profile | undefined
      const handOver = (whole: Profile) =>
        Effect.sync(() => {
          numAtHandOver = untouchedAfter.length
          profile = whole
        })
      yield* takeSteps(5, () => untouchedAfter.push(isUntouched())).pipe(
        profiled({ warmUp: 1, numSteps: 2 }, handOver)
      )
      assert.strictEqual(numAtHandOver, 2)
      assert.deepStrictEqual(untouchedAfter, [false, false, true, true, true])
      // Also after the last step: what a run of hours does is not collected.
      assert.strictEqual(profile!.numSteps, 2)
      const steps = profile!.spans.filter(({ name }) => name === stepSpan)
      assert.deepStrictEqual(
        steps.map(({ attributes }) => attributes.get("step")),
        [1, 2]
      )
    }).pipe(Effect.provide(onTensorflow))
  )

  it.live("leaves out what happens between the steps", () =>
    Effect.gen(function* () {
      const between = Tensor.run("Between", () => tf.atan(tf.ones([2])).dataSync())
      const { profile } = yield* profileOf(
        0,
        3,
        Effect.all([between, takeSteps(1), between, takeSteps(1), between])
      )
      assert.strictEqual(profile.numSteps, 2)
      const names = [...profile.spans, ...profile.operations].map(({ name }) => name)
      assert.notIncludeMembers(names, ["Between"])
      assert.notIncludeMembers(names, ["Atan"])
    }).pipe(Effect.provide(onTensorflow))
  )

  it.live("hands over what there is where an effect ends early, by success, failure or interruption", () =>
    Effect.gen(function* () {
      const endings = [Effect.void, Effect.fail("failed"), Effect.interrupt]
      for (const ending of endings) {
        const { exit, profile } = yield* profileOf(1, 20, Effect.andThen(takeSteps(3), ending))
        assert.strictEqual(profile.numSteps, 2)
        assert.isTrue(isUntouched())
        if (ending === endings[0]) assert.isTrue(Exit.isSuccess(exit))
        if (ending === endings[1]) assert.deepStrictEqual(exit, Exit.fail("failed"))
        if (ending === endings[2]) assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
      }
    }).pipe(Effect.provide(onTensorflow))
  )
})

describe("traceText", () => {
  it.live("is a trace file in which stages lie within steps, and operations within stages", () =>
    Effect.gen(function* () {
      const { profile } = yield* profileOf(1, 2, takeSteps(3))
      const events = yield* eventsOf(profile)
      const of = (category: Complete["cat"]) => events.filter(({ cat }) => cat === category)
      const steps = of("step")
      assert.deepStrictEqual(
        steps.map(({ args }) => args.step),
        [1, 2]
      )
      assert.strictEqual(Math.min(...events.map(({ ts }) => ts)), 0)
      const stages = of("stage")
      assert.deepStrictEqual(
        stages.slice(0, 8).map(({ name }) => name),
        [
          "ViewPairs.read",
          "ViewPairs.batch",
          "Dictionary.prepare",
          "PretrainStep.gradient",
          "Optimizer.prepare",
          "Diagnostics.measure",
          "Dictionary.encoderDistance",
          "Dictionary.settle"
        ]
      )
      for (const stage of stages) assert.strictEqual(steps.filter((step) => isWithin(stage, step)).length, 1)
      const operations = of("operation")
      assert.isAbove(operations.length, 100)
      // What a step does beside its stages takes no operation of TensorFlow.
      for (const operation of operations) {
        assert.strictEqual(stages.filter((stage) => isWithin(operation, stage)).length, 1, operation.name)
      }
      // 20 keys of length 8 are in the queue.
      assert.isNotEmpty(operations.filter(({ args }) => args.inputs?.includes("20x8")))
      // In both steps the same operations: what is profiled is whole.
      const [first, second] = steps.map((step) =>
        operations.filter((operation) => isWithin(operation, step)).map(({ name }) => name)
      )
      assert.deepStrictEqual(second, first)
    }).pipe(Effect.provide(onTensorflow))
  )

  it.live("has the stages alone where tfjs's own kernels compute", () =>
    Effect.gen(function* () {
      const { profile } = yield* profileOf(0, 1, takeSteps(1))
      const events = yield* eventsOf(profile)
      assert.deepStrictEqual(new Set(events.map(({ cat }) => cat)), new Set(["step", "stage"]))
    }).pipe(Effect.provide(Layer.provideMerge(tinyRun(), cpu.layer)))
  )

  it.effect("gives microseconds from the first step on, and shapes in words", () =>
    Effect.gen(function* () {
      const events = yield* eventsOf({
        numSteps: 1,
        spans: [{ name: stepSpan, attributes: new Map([["step", 4]]), start: 5_000n, end: 9_500n }],
        operations: [{ name: "Add", inputs: [[2, 3], []], start: 6_250n, end: 7_000n }]
      })
      const place = { ph: "X", pid: 1, tid: 1 } as const
      assert.deepStrictEqual(events, [
        { ...place, name: stepSpan, cat: "step", ts: 0, dur: 4.5, args: { step: 4 } },
        { ...place, name: "Add", cat: "operation", ts: 1.25, dur: 0.75, args: { inputs: ["2x3", "scalar"] } }
      ])
    })
  )
})

describe("operationCosts", () => {
  const times = (milliseconds: number) => ({ start: 0n, end: BigInt(1e6 * milliseconds) })
  const profile: Profile = {
    numSteps: 2,
    spans: [
      { name: "Dictionary.prepare", attributes: new Map(), ...times(5) },
      { name: stepSpan, attributes: new Map(), ...times(12) },
      { name: stepSpan, attributes: new Map(), ...times(18) }
    ],
    operations: [
      { name: "Add", inputs: [[1]], ...times(1) },
      { name: "Conv2D", inputs: [[1]], ...times(4) },
      { name: "Add", inputs: [[9]], ...times(2) },
      { name: "Add", inputs: [[9]], ...times(2) }
    ]
  }

  it("adds up the calls of an operation, the dearest first, for one step", () => {
    assert.deepStrictEqual(operationCosts(profile), [
      { name: "Add", countPerStep: 1.5, msPerStep: 2.5 },
      { name: "Conv2D", countPerStep: 0.5, msPerStep: 2 }
    ])
    assert.strictEqual(stepMilliseconds(profile), 15)
  })
})

describe("a run folder", () => {
  it.effect("goes on beside a profile, and takes nobody else's for one", () =>
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      const root = yield* fileSystem.makeTempDirectoryScoped()
      yield* fileSystem.writeFileString(`${root}/profile.json`, "mine")
      const error = yield* Effect.flip(Effect.scoped(RunFolder.open(root)))
      assert.strictEqual(error._tag, "RunFolderOccupied")
      assert.include(error.message, "profile.json")

      const { folder } = yield* Effect.scoped(RunFolder.open(`${root}/run`))
      yield* fileSystem.writeFileString(folder.metrics, "")
      yield* fileSystem.writeFileString(folder.profile, "{}")
      const { holds } = yield* Effect.scoped(RunFolder.open(`${root}/run`))
      assert.strictEqual(holds, "interrupted run")
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
