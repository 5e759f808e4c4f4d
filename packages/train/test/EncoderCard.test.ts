import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Dataset } from "@moco/data/Dataset"
import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import { cardMetadata, cardOf, cardText, encoderCard } from "@moco/train/EncoderCard"
import { validConfig } from "@moco/train/testing/validConfig"
import { Effect, Layer } from "effect"

const images = { numTrain: 12, numTest: 2, height: 6, width: 5, channels: 3, numClasses: 4, seed: 1 }
const layer = Layer.merge(layerSynthetic(images), NodeServices.layer)

describe("EncoderCard", () => {
  it.effect("says what the encoder is built like and what it takes, by the data set's own numbers", () =>
    Effect.gen(function* () {
      const { mean, std } = yield* Dataset
      const { architecture, input, training, version } = yield* encoderCard(validConfig, 17)
      const { kind, ...built } = validConfig.encoder
      const representationSize = built.width * 2 ** (built.layers.length - 1)
      assert.deepStrictEqual(architecture, {
        ...{ family: kind, ...built },
        ...{ representationSize, batchNormEpsilon: 1e-5 }
      })
      assert.deepStrictEqual(input, { height: 6, width: 5, channels: 3, valueRange: [0, 1], mean, std })
      assert.deepInclude(training, { recipe: validConfig.recipe, seed: validConfig.seed, step: 17 })
      assert.match(version, /^\d+\.\d+\.\d+/)
    }).pipe(Effect.provide(layer))
  )

  it.effect("tells of groups where there are any, and is read again with them", () =>
    Effect.gen(function* () {
      const encoder = { ...validConfig.encoder, block: "bottleneck", groups: 4, groupWidth: 2 } as const
      const card = yield* encoderCard({ ...validConfig, encoder }, 17)
      assert.deepInclude(card.architecture, { groups: 4, groupWidth: 2 })
      assert.deepStrictEqual(yield* cardOf(cardMetadata(card)), card)
    }).pipe(Effect.provide(layer))
  )

  it.effect("says of a network of a program's own that only that program knows it", () =>
    Effect.gen(function* () {
      const { architecture } = yield* encoderCard(validConfig, 17, { featureSize: 5 })
      assert.deepStrictEqual(architecture, { family: "own", featureSize: 5 })
    }).pipe(Effect.provide(layer))
  )

  it.effect("is the same from the metadata of the weights, whose values are strings, and from its JSON", () =>
    Effect.gen(function* () {
      const card = yield* encoderCard(validConfig, 17)
      const metadata = cardMetadata(card)
      assert.isTrue(Object.values(metadata).every((value) => typeof value === "string"))
      assert.strictEqual(metadata["format"], "pt")
      assert.deepStrictEqual(yield* cardOf(metadata), card)
      assert.deepStrictEqual(JSON.parse(cardText(card)), JSON.parse(JSON.stringify(card)))
      const damaged = { ...metadata, input: metadata["input"]!.replace("height", "heigth") }
      assert.strictEqual((yield* Effect.exit(cardOf(damaged)))._tag, "Failure")
    }).pipe(Effect.provide(layer))
  )
})
