import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { sizesOf } from "@moco/core/Encoder/kinds"
import * as ResNet from "@moco/core/Encoder/ResNet"
import { startLabelled, tensorsOf } from "@moco/evaluation/labelled/training"
import { MachineMemory } from "@moco/train/MachineMemory"
import { applyOverrides, decodeStored, type RunConfig } from "@moco/train/RunConfig"
import { footprint } from "@moco/train/RunConfig/footprint"
import { validConfig } from "@moco/train/testing/validConfig"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import fc from "fast-check"

const gib = 2 ** 30

/** What is wrong with a config on a machine of 8 GiB, in the words that a user reads. */
const refusal = (sets: Readonly<Record<string, string>>) =>
  applyOverrides(validConfig, [], sets).pipe(
    Effect.flip,
    Effect.map(({ message }) => message),
    Effect.provideService(MachineMemory, 8 * gib)
  )

const bank = '{"kind":"memoryBank","size":1024,"entryMomentum":0.5,"redrawOwn":false}'
const stepped = '{"kind":"step","milestones":[4,8],"factor":0.1}'

/** Configs that have every kind of section between them. */
const variants: ReadonlyArray<RunConfig> = [
  validConfig,
  Effect.runSync(applyOverrides(validConfig, [], { dictionary: bank, "optimizer.schedule": stepped })),
  Effect.runSync(applyOverrides(validConfig, [], { "momentum.kind": "cosine" }))
]

/** Paths of all numbers of a config; of a list, its first. */
const numbersIn = (
  value: unknown,
  path: ReadonlyArray<string> = []
): ReadonlyArray<ReadonlyArray<string>> => {
  if (typeof value === "number") return [path]
  if (typeof value !== "object" || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => numbersIn(inner, [...path, key]))
}

const withNumber = (config: RunConfig, path: ReadonlyArray<string>, value: number): unknown => {
  const changed = structuredClone(config)
  const section = path
    .slice(0, -1)
    .reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], changed)
  Object.assign(section as object, { [path.at(-1)!]: value })
  return changed
}

describe("a config's numbers", () => {
  for (const value of [-1, 1e12, Number.MAX_SAFE_INTEGER, 1e308, Number.NaN]) {
    it.effect(`are all bounded: none may be ${value}, and the refusal names the setting`, () =>
      Effect.gen(function* () {
        for (const config of variants) {
          for (const path of numbersIn(config)) {
            const name = path.join(".").replaceAll(/\.(\d+)/g, "[$1]")
            // Only a rate is measured on such a scale.
            if (name === "optimizer.learningRate" && value > 0 && value <= 1e30) continue
            const changed = withNumber(config, path, value)
            const { problems } = yield* Effect.flip(applyOverrides(config, [changed], {}))
            assert.isTrue(
              problems.some((problem) => problem.path === name),
              `${name}: ${JSON.stringify(problems)}`
            )
          }
        }
      })
    )
  }

  const refused: ReadonlyArray<readonly [Readonly<Record<string, string>>, ReadonlyArray<string>]> = [
    [{ "training.epochs": "9007199254740991" }, ["training.epochs", "must be between 1 and 1000000"]],
    [{ "encoder.layers": "[100000000]" }, ["encoder.layers[0]", "must be between 1 and 1000"]],
    [
      { "encoder.layers": "[500,500,500]" },
      ["encoder.layers", "has 1500 blocks in all, and 1000 are the most"]
    ],
    [{ "encoder.featureSize": "1000000000" }, ["encoder.featureSize", "must be between 1 and 65536"]],
    [{ "dictionary.size": "1e12" }, ["dictionary.size", "must be between 1 and 100000000"]],
    [{ "backend.threads": "1e9" }, ["backend.threads", "must be between 1 and 1024"]],
    [{ "loss.temperature": "5e-324" }, ["loss.temperature", "must be between 0.000001 and 1000000"]],
    [{ "optimizer.learningRate": "1e31" }, ["optimizer.learningRate", "must be less than or equal to 1e+30"]],
    [
      { "evaluations.knn.k": JSON.stringify(Array.from({ length: 1e6 }, () => 1)) },
      ["evaluations.knn.k = [1,1,", "at most 100"]
    ],
    [
      { "training.epochs": "1000000", "training.batchSize": "4" },
      ["training.epochs", "makes 2,000,000,000 steps, and 999,999,999 are the most", "fewer epochs"]
    ],
    [{ recipe: "x".repeat(101) }, ["recipe", "at most 100"]]
  ]
  for (const [sets, words] of refused) {
    it.effect(`are refused at once beyond their bounds: ${Object.keys(sets)} = ${words[0]}`, () =>
      Effect.map(refusal(sets), (message) => {
        for (const word of words) assert.include(message, word)
        assert.isBelow(message.length, 500)
      })
    )
  }
})

describe("a run that cannot fit", () => {
  const tooLarge: ReadonlyArray<readonly [Readonly<Record<string, string>>, ReadonlyArray<string>]> = [
    [
      { "dictionary.size": "10000000", "encoder.featureSize": "512" },
      ["dictionary.size = 10000000: needs 38.1 GiB (twice 10,000,000 keys of 512 numbers)", "8 GiB of memory"]
    ],
    [
      { "encoder.layers": "[2,2,2,2,2,2,2,2]", "encoder.width": "512" },
      ["encoder = ", "3 times ", "parameters", "lower its layers, width or featureSize"]
    ],
    [
      { "encoder.width": "65536", "encoder.layers": "[1]", "encoder.featureSize": "1" },
      ["encoder = ", "the whole run at least"]
    ],
    [
      {
        dictionary: bank,
        "encoder.featureSize": "65536",
        "encoder.width": "16",
        "data.name": "fashion-mnist"
      },
      ["encoder.featureSize = 65536: needs", "twice 60,000 entries"]
    ],
    [
      {
        "training.batchSize": "60000",
        "data.name": "fashion-mnist",
        "encoder.width": "64",
        "encoder.layers": "[1]"
      },
      ["training.batchSize = 60000: needs", "views and first layer of 60,000 images"]
    ],
    [
      {
        "evaluations.fineTune":
          '{"everyEpochs":1,"labels":[1],"epochs":1,"learningRate":0.1,"batchSize":1000000}',
        "data.name": "fashion-mnist",
        "encoder.width": "64",
        "encoder.layers": "[1]"
      },
      ["evaluations.fineTune.batchSize = 1000000: needs", "60,000 images that a copy", "lower it"]
    ]
  ]
  for (const [sets, words] of tooLarge) {
    it.effect(`is refused before anything is made: ${JSON.stringify(sets)}`, () =>
      Effect.map(refusal(sets), (message) => {
        for (const word of words) assert.include(message, word)
      })
    )
  }

  const labelled = { everyEpochs: 1, labels: [0.1, 1], epochs: 1, learningRate: 0.1, batchSize: 64 }
  const images = { numImages: 60_000, height: 32, width: 32, channels: 3 }
  const bytesOf = (evaluations: RunConfig["evaluations"]) =>
    footprint({ ...validConfig, evaluations }, images).reduce((sum, { bytes }) => sum + bytes, 0)

  it.effect(
    "counts the copy of the encoder that is trained with labels: weights, moments and gradients",
    () =>
      Effect.gen(function* () {
        yield* Backend
        const held = tf.tidy(() => {
          const weights = ResNet.make(validConfig.encoder, images.channels).init(1)
          const bytes = (tensors: Readonly<Record<string, tf.Tensor>>) =>
            Object.values(tensors).reduce((sum, { size }) => sum + 4 * size, 0)
          // A gradient has the size of its parameter.
          return bytes(tensorsOf(startLabelled(weights, [64, 10], 1))) + bytes(weights.parameters)
        })
        const counted = bytesOf({ fineTune: labelled }) - bytesOf({})
        assert.isAtLeast(counted, 0.9 * held)
        assert.isAtMost(counted, held)
        // One is trained after the other.
        assert.strictEqual(bytesOf({ fineTune: labelled, supervised: labelled }) - bytesOf({}), counted)
        assert.strictEqual(bytesOf({ knn: validConfig.evaluations.knn! }), bytesOf({}))
      }).pipe(Effect.provide(Backend.layerTensorflow({ threads: 1 })))
  )

  it("counts the largest batch, of the run's or of a copy's, and no more images than have a label", () => {
    // A view is 32 x 32 x 3 numbers, the first layer 32 x 32 x 16.
    const perImage = 4 * 32 * 32 * (3 + 16)
    const ofRun = 128 * (perImage + 4 * 32 * 32 * 3)
    const copy = bytesOf({ fineTune: labelled }) - bytesOf({})
    const more = (other: Partial<typeof labelled>) =>
      bytesOf({ supervised: { ...labelled, ...other } }) - bytesOf({}) - copy
    assert.strictEqual(more({ batchSize: 10_000 }), 10_000 * perImage - ofRun)
    assert.strictEqual(more({ batchSize: 10_000, labels: [0.01, 0.1] }), 6_000 * perImage - ofRun)
  })

  it.effect("is one only where the memory is smaller", () =>
    Effect.gen(function* () {
      const sets = { "dictionary.size": "10000000", "encoder.featureSize": "512" }
      const config = yield* Effect.provideService(
        applyOverrides(validConfig, [], sets),
        MachineMemory,
        64 * gib
      )
      assert.strictEqual(config.dictionary.kind === "queue" && config.dictionary.size, 10_000_000)
    })
  )

  it.effect("is none where a run's folder has it: it may have been written on a larger machine", () =>
    Effect.gen(function* () {
      const large = { ...validConfig, dictionary: { kind: "queue", size: 90_000_000 } } as const
      assert.deepStrictEqual(yield* Effect.provideService(decodeStored(large), MachineMemory, gib), large)
    })
  )

  it("is never any published one, on a machine of 16 GiB", () => {
    const resnets: ReadonlyArray<Pick<RunConfig["encoder"], "block" | "layers" | "width">> = [
      { block: "basic", layers: [2, 2, 2, 2], width: 64 },
      { block: "bottleneck", layers: [3, 4, 6, 3], width: 64 },
      { block: "bottleneck", layers: [3, 24, 36, 3], width: 64 },
      { block: "basic", layers: [200, 200, 200], width: 16 }
    ]
    for (const shape of resnets) {
      const encoder = { ...validConfig.encoder, ...shape, batchNormGroups: 1 }
      const config: RunConfig = { ...validConfig, encoder, dictionary: { kind: "queue", size: 65_536 } }
      const shares = footprint(config, { numImages: 60_000, height: 32, width: 32, channels: 3 })
      assert.isBelow(
        shares.reduce((sum, { bytes }) => sum + bytes, 0),
        16 * gib
      )
    }
  })
})

describe("what is known of an encoder before it is made", () => {
  it.effect("is always what it has when it is made", () =>
    Effect.gen(function* () {
      yield* Backend
      const encoder = fc.record({
        kind: fc.constant("resnet" as const),
        block: fc.constantFrom("basic" as const, "bottleneck" as const),
        layers: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
        width: fc.integer({ min: 1, max: 5 }),
        stem: fc.constantFrom("cifar" as const, "imagenet" as const),
        head: fc.constantFrom("linear" as const, "mlp" as const),
        featureSize: fc.integer({ min: 1, max: 9 }),
        batchNormGroups: fc.constant(1)
      })
      fc.assert(
        fc.property(encoder, fc.integer({ min: 1, max: 3 }), (config, channels) => {
          const sizes = sizesOf(config, channels)
          tf.tidy(() => {
            const network = ResNet.make(config, channels)
            const weights = network.init(1)
            const numbers = Object.values(weights.parameters).reduce((sum, { size }) => sum + size, 0)
            assert.strictEqual(sizes.numParameters, numbers)
            const representation = network.represent(weights, tf.zeros([1, 16, 16, channels]))
            assert.strictEqual(sizes.representationSize, representation.shape[1])
            assert.strictEqual(sizes.featureSize, network.featureSize)
          })
        }),
        { numRuns: 20 }
      )
    }).pipe(Effect.provide(Backend.layerTensorflow({ threads: 1 })))
  )
})
