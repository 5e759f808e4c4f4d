import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { dictionaryOf, type StageOptions } from "@moco/train/PretrainLayers"
import { Effect, Layer } from "effect"
import { layerCancelNear } from "../own-dictionary.ts"
import { layerDecoupled } from "../own-loss.ts"
import { config, trainWith } from "../train.ts"

/** The example on a still smaller encoder, so that its test takes seconds. */
const small = {
  ...config,
  encoder: { ...config.encoder, layers: [1], width: 8, featureSize: 32 },
  dictionary: { kind: "queue", size: 256 },
  training: { epochs: 1, batchSize: 200 },
  optimizer: { ...config.optimizer, schedule: { kind: "constant" } }
} as const

const lossesOf = (stages: Omit<StageOptions, "dataDirs">) =>
  Effect.map(trainWith(stages, small).pipe(Effect.provide(NodeServices.layer)), ({ losses }) => losses)

const mean = (values: ReadonlyArray<number>) => values.reduce((sum, value) => sum + value, 0) / values.length

describe("examples", () => {
  for (const name of ["own-dictionary", "own-loss"]) {
    it(`${name} is a layer in under 40 lines, comments and blank lines left out`, () => {
      const text = readFileSync(join(import.meta.dirname, `../${name}.ts`), "utf8")
      const layer = text.slice(text.indexOf("export const layer"), text.indexOf("if (import.meta.main)"))
      const lines = layer.split("\n").filter((line) => line.trim() !== "" && !/^\s*(\/\/|\*|\/\*)/.test(line))
      assert.isBelow(lines.length, 40)
      assert.isAbove(lines.length, 5)
    })
  }

  it("own-loss is run by its own name and prints what came out", () => {
    const output = execFileSync(process.execPath, [join(import.meta.dirname, "../own-loss.ts")], {
      encoding: "utf8"
    })
    assert.match(
      output,
      /loss .* in the first step, .* in the last\n(.*\n)*trained encoder, kNN accuracy \(k = 200\): 0\.\d+/
    )
  })

  it.effect("train with a dictionary of the user's own, which counts once negatives come near", () =>
    Effect.gen(function* () {
      const cancelledFrom = (limit: number) =>
        lossesOf({ dictionary: layerCancelNear(limit).pipe(Layer.provide(dictionaryOf(small))) })
      // No cosine is as near as 2.
      const plain = yield* cancelledFrom(2)
      const cancelled = yield* cancelledFrom(0.8)
      assert.strictEqual(cancelled.length, plain.length)
      // No row of the random initial queue is near a query; keys of other images soon are.
      assert.strictEqual(cancelled[0], plain[0])
      assert.notStrictEqual(cancelled.at(-1), plain.at(-1))
    })
  )

  it.effect("train with a loss of the user's own, which falls", () =>
    Effect.gen(function* () {
      const losses = yield* lossesOf({ loss: layerDecoupled(0.1) })
      assert.strictEqual(losses.length, 40)
      assert.isBelow(mean(losses.slice(-5)), mean(losses.slice(4, 9)))
    })
  )
})
