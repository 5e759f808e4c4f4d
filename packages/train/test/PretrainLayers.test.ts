import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Dictionary } from "@moco/core/Dictionary"
import { layersOf } from "@moco/train/PretrainLayers"
import { pretrainStep } from "@moco/train/PretrainStep"
import { applyOverrides, type RunConfig } from "@moco/train/RunConfig"
import { validConfig } from "@moco/train/testing/validConfig"
import { Effect } from "effect"

const small: RunConfig = {
  ...validConfig,
  encoder: {
    ...validConfig.encoder,
    layers: [1],
    width: 4,
    featureSize: 8,
    batchNormGroups: 2,
    stem: "imagenet"
  },
  dictionary: { kind: "queue", size: 64 },
  training: { epochs: 1, batchSize: 16 }
}

const bank = { kind: "memoryBank", size: 64, entryMomentum: 0.5, redrawOwn: true }

/** The first losses of a run that differs from `small` in `sets`, and its dictionary. */
const firstSteps = (sets: Readonly<Record<string, unknown>>) =>
  Effect.gen(function* () {
    const texts = Object.entries(sets).map(([path, value]) => [path, JSON.stringify(value)])
    const config = yield* applyOverrides(small, [], Object.fromEntries(texts))
    return yield* Effect.gen(function* () {
      const takeStep = yield* pretrainStep
      const steps = [yield* takeStep(0), yield* takeStep(1)]
      const { numNegatives, trained } = yield* Dictionary
      return {
        losses: steps.map(({ metrics }) => metrics.loss),
        steps,
        numNegatives,
        numTrained: Object.keys(trained()).length
      }
    }).pipe(Effect.provide(layersOf(config, { dataDirs: [] })))
  }).pipe(Effect.provide(NodeServices.layer))

const variants: ReadonlyArray<readonly [string, Record<string, unknown>, { numNegatives: number }]> = [
  ["a queue", {}, { numNegatives: 64 }],
  ["a memory bank", { dictionary: bank }, { numNegatives: 64 }],
  ["a memory bank with NCE", { dictionary: bank, "loss.kind": "nce" }, { numNegatives: 64 }],
  [
    "a memory bank with symmetric NCE",
    { dictionary: bank, "loss.kind": "nce", "loss.symmetric": true },
    { numNegatives: 64 }
  ],
  [
    "end-to-end, two encoders",
    { dictionary: { kind: "endToEnd", weights: "separate" } },
    { numNegatives: 15 }
  ],
  [
    "end-to-end, one encoder, symmetric",
    { dictionary: { kind: "endToEnd", weights: "shared" }, "loss.symmetric": true },
    { numNegatives: 15 }
  ],
  ["m = 0", { momentum: { kind: "copy" } }, { numNegatives: 64 }],
  ["m = 1", { momentum: { kind: "frozen" } }, { numNegatives: 64 }],
  ["m that rises", { momentum: { kind: "cosine", m: 0.9 } }, { numNegatives: 64 }],
  ["keys in their own order", { "keyShuffle.kind": "none" }, { numNegatives: 64 }],
  ["plain batch norm", { "keyShuffle.kind": "plain", "encoder.batchNormGroups": 1 }, { numNegatives: 64 }],
  [
    "the options of MoCo v2",
    { "encoder.head": "mlp", "augmentation.blur": 0.5, "loss.temperature": 0.2 },
    { numNegatives: 64 }
  ]
]

describe("layersOf", () => {
  for (const [name, sets, expected] of variants) {
    it.effect(`takes real steps with ${name}`, () =>
      Effect.gen(function* () {
        const { losses, numNegatives } = yield* firstSteps(sets)
        assert.strictEqual(numNegatives, expected.numNegatives)
        for (const loss of losses) assert.isTrue(Number.isFinite(loss) && loss > 0, String(loss))
      })
    )
  }

  it.effect("gives every variant another loss in its second step: none is silently the same", () =>
    Effect.gen(function* () {
      const losses = yield* Effect.forEach(variants, ([, sets]) =>
        Effect.map(firstSteps(sets), (run) => run.losses[1])
      )
      assert.strictEqual(new Set(losses).size, variants.length)
    })
  )

  it.effect("trains the key encoder only where the mechanism does", () =>
    Effect.gen(function* () {
      const trained = (sets: Record<string, unknown>) =>
        Effect.map(firstSteps(sets), ({ numTrained }) => numTrained)
      assert.strictEqual(yield* trained({}), 0)
      assert.strictEqual(yield* trained({ dictionary: bank }), 0)
      assert.isAbove(yield* trained({ dictionary: { kind: "endToEnd", weights: "separate" } }), 0)
    })
  )
})
