import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { ContrastiveLoss } from "@moco/core/ContrastiveLoss"
import { Dictionary } from "@moco/core/Dictionary"
import * as EndToEnd from "@moco/core/Dictionary/EndToEnd"
import * as MemoryBank from "@moco/core/Dictionary/MemoryBank"
import { KeyEncoder } from "@moco/core/Encoder"
import { negativeSimilarities, type Similarities } from "@moco/core/Similarities"
import { TensorLeak } from "@moco/core/testing"
import { Diagnostics, type Observed } from "@moco/train/Diagnostics"
import { pretrainStep } from "@moco/train/PretrainStep"
import { Effect, Exit, Layer } from "effect"
import { stateOf } from "./stateOf.ts"
import { type TinySettings, tinyRun } from "./tinyRun.ts"

const bank = { size: 20, numImages: 64, entryMomentum: 0.5, redrawOwn: true, seed: 1 }
const separate = EndToEnd.layerSeparate({ batchSize: 8 })
const shared = EndToEnd.layerShared({ batchSize: 8 })

/** Every mechanism beside the queue joins by one line, with a rate at which it learns in 60 steps. */
const mechanisms: ReadonlyArray<Mechanism> = [
  { name: "a memory bank", dictionary: MemoryBank.layer(bank), numNegatives: 20, learningRate: 0.01 },
  {
    name: "a memory bank and NCE",
    dictionary: MemoryBank.layer(bank),
    nce: true,
    numNegatives: 20,
    learningRate: 0.01
  },
  { name: "two encoders, end to end", dictionary: separate, numNegatives: 7, learningRate: 0.02 },
  { name: "one encoder, end to end", dictionary: shared, numNegatives: 7, learningRate: 0.05 }
]

interface Mechanism {
  readonly name: string
  readonly dictionary: NonNullable<TinySettings["dictionary"]>
  readonly nce?: boolean
  readonly numNegatives: number
  readonly learningRate: number
}

const tensorflow = Backend.layerTensorflow({ threads: 2 })
const run = (settings: TinySettings) => Layer.provideMerge(tinyRun(settings), tensorflow)

/** A run in which every step is looked at, after its gradient and before its commit. */
const watched = (settings: TinySettings, watch: (observed: Observed) => Effect.Effect<void>) =>
  Layer.effect(
    Diagnostics,
    Effect.map(Diagnostics, ({ measure }) =>
      Diagnostics.of({ measure: (observed) => Effect.andThen(watch(observed), measure(observed)) })
    )
  ).pipe(Layer.provideMerge(run(settings)))

/** A run in which whatever the loss compares is looked at before. */
const compared = (settings: TinySettings, watch: (similarities: Similarities) => void) =>
  Layer.effect(
    ContrastiveLoss,
    Effect.map(ContrastiveLoss, (loss) => {
      const compare: typeof loss.compare = (similarities, keep) => {
        watch(similarities)
        return loss.compare(similarities, keep)
      }
      return ContrastiveLoss.of({ ...loss, compare })
    })
  ).pipe(Layer.provideMerge(run(settings)))

/** A dictionary that fails in one step, when its next state has been computed. */
const unsettled = (dictionary: NonNullable<TinySettings["dictionary"]>, failing: number) =>
  Layer.effect(
    Dictionary,
    Effect.map(Dictionary, (inner) => {
      const prepare: typeof inner.prepare = (step, lease) => {
        const prepared = inner.prepare(step, lease)
        const settle: typeof prepared.settle = (outcome) => {
          const settled = prepared.settle(outcome)
          if (step.step !== failing) return settled
          throw new Error("unsettled")
        }
        return { ...prepared, settle }
      }
      return Dictionary.of({ ...inner, prepare })
    })
  ).pipe(Layer.provide(dictionary))

const losses = (numSteps: number) =>
  Effect.gen(function* () {
    const takeStep = yield* pretrainStep
    const steps = Array.from({ length: numSteps }, (_, step) => step)
    return yield* Effect.forEach(steps, (step) => Effect.map(takeStep(step), ({ metrics }) => metrics.loss))
  })

/** After two steps, a third one that fails: it leaves no trace. */
const failsWhole = Effect.gen(function* () {
  const takeStep = yield* pretrainStep
  yield* takeStep(0)
  yield* takeStep(1)
  const before = yield* stateOf
  const exit = yield* TensorLeak.check(Effect.exit(takeStep(2)))
  assert.isTrue(Exit.isFailure(exit))
  assert.deepStrictEqual(yield* stateOf, before)
})

const mean = (values: ReadonlyArray<number>) => values.reduce((sum, value) => sum + value / values.length, 0)

for (const { dictionary, learningRate, name, nce = false, numNegatives } of mechanisms)
  describe(`PretrainStep with ${name}`, () => {
    for (const symmetric of [false, true])
      it.effect(`holds as many tensors after step n + 1 as after step n, symmetric: ${symmetric}`, () =>
        Effect.gen(function* () {
          const takeStep = yield* pretrainStep
          yield* takeStep(0)
          yield* TensorLeak.check(takeStep(1))
          yield* TensorLeak.check(takeStep(2))
        }).pipe(Effect.provide(run({ dictionary, nce, symmetric })))
      )

    it.effect("takes the same steps to the bit from the same seed", () =>
      Effect.gen(function* () {
        const fiveSteps = Effect.all([losses(5), stateOf])
        const first = yield* Effect.provide(fiveSteps, run({ dictionary, nce }))
        assert.deepStrictEqual(yield* Effect.provide(fiveSteps, run({ dictionary, nce })), first)
      })
    )

    it.effect("learns: its loss falls below chance, and lower than without learning", () =>
      Effect.gen(function* () {
        const at = (rate: number) => Effect.provide(losses(60), run({ dictionary, nce, learningRate: rate }))
        const learning = yield* at(learningRate)
        const resting = yield* at(0)
        assert.isBelow(mean(learning.slice(-5)), mean(learning.slice(0, 5)) - 0.05)
        const noise = nce ? numNegatives * Math.log(1 + 1 / numNegatives) : 0
        assert.isBelow(mean(learning.slice(-5)), Math.log(1 + numNegatives) + noise - 0.05, "chance")
        // The same batches, so that their differences do not count.
        assert.isBelow(mean(learning.slice(-5)), mean(resting.slice(-5)) - 0.05)
      })
    )

    it.effect("leaves the whole state as it was when a step fails before its next state is computed", () =>
      failsWhole.pipe(
        Effect.provide(
          watched({ dictionary, nce }, ({ step }) =>
            step === 2 ? Effect.die(new Error("looked away")) : Effect.void
          )
        )
      )
    )

    it.effect("leaves the whole state as it was when a step fails after its next state is computed", () =>
      failsWhole.pipe(Effect.provide(run({ dictionary: unsettled(dictionary, 2), nce })))
    )
  })

describe("PretrainStep with NCE", () => {
  const tiny = { dictionary: MemoryBank.layer(bank), nce: true }

  it.effect(
    "keeps the normalizer of the first step in which enough negatives are features, and tells it",
    () =>
      Effect.gen(function* () {
        const takeStep = yield* pretrainStep
        const steps = Array.from({ length: 12 }, (_, step) => step)
        const taken = yield* Effect.forEach(steps, (step) => takeStep(step))
        const told = taken.map(({ lossState }) => lossState)
        // With 20 negatives it takes 9 in 10 of 64 images, of which a step sees 8.
        assert.deepStrictEqual(
          told.map((numbers) => numbers?.["isKept"]),
          [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1]
        )
        const logs = told.map((numbers) => numbers?.["logNormalizer"])
        assert.strictEqual(new Set(logs.slice(0, 9)).size, 9)
        assert.strictEqual(new Set(logs.slice(8)).size, 1)
      }).pipe(Effect.provide(run(tiny)))
  )

  it.effect("is normalised by what the log of the step says", () => {
    const seen: Array<number> = []
    const record = ({ negatives }: Similarities) => {
      seen.push(mean(Array.from(negativeSimilarities(negatives).dataSync(), (s) => Math.exp(s / 0.2))))
    }
    return Effect.gen(function* () {
      const takeStep = yield* pretrainStep
      for (let step = 0; step < 9; step++) {
        const { lossState } = yield* takeStep(step)
        assert.closeTo(lossState!["logNormalizer"]!, Math.log(seen[step]!), 1e-5)
      }
    }).pipe(Effect.provide(compared(tiny, record)))
  })
})

describe("PretrainStep, end to end", () => {
  const afterSteps = Effect.gen(function* () {
    const { encoderDistance } = yield* Dictionary
    const [start, before] = [encoderDistance(), yield* stateOf]
    yield* losses(2)
    const after = yield* stateOf
    const ofKeys = Object.keys(after.moments).filter((name) => name.startsWith("key."))
    return { distances: [start, encoderDistance()], before, after, ofKeys }
  })

  it.effect("moves two encoders by gradients of their own, so that they drift apart", () =>
    Effect.gen(function* () {
      const { after, before, distances, ofKeys } = yield* afterSteps
      assert.strictEqual(distances[0], 0)
      assert.isAbove(distances[1]!, 1e-4)
      const names = Object.keys((yield* KeyEncoder).parameters.get())
      assert.strictEqual(ofKeys.length, names.length)
      for (const name of names) {
        assert.isAbove(Math.max(...after.moments[`key.${name}`]!.map(Math.abs)), 0, name)
        assert.notDeepEqual(after.keyParameters[name], before.keyParameters[name], name)
      }
    }).pipe(Effect.provide(run({ dictionary: separate })))
  )

  it.effect("keeps no moments for keys and knows no distance where there is one encoder", () =>
    Effect.gen(function* () {
      const { distances, ofKeys } = yield* afterSteps
      assert.deepStrictEqual(distances, [undefined, undefined])
      assert.deepStrictEqual(ofKeys, [])
    }).pipe(Effect.provide(run({ dictionary: shared })))
  )
})
