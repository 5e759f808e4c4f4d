import { assert, describe, it } from "@effect/vitest"
import { KeyShuffle } from "@moco/core/KeyShuffle"
import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import { Evaluation } from "@moco/evaluation/Evaluation"
import type { RunConfig } from "@moco/train/RunConfig"
import { validConfig } from "@moco/train/testing/validConfig"
import { Layer } from "effect"
import { identify } from "../src/identity.ts"

const bank: RunConfig = {
  ...validConfig,
  dictionary: { kind: "memoryBank", size: 64, entryMomentum: 0.5, redrawOwn: true }
}

describe("a run's name", () => {
  it("is the one that records from before have for the same run", () => {
    assert.strictEqual(identify(validConfig), "581a42389aeb")
    assert.strictEqual(identify(bank), "a29033fa6453")
  })

  it("does not tell of colours that nothing is done to, and is another one for each that is changed", () => {
    const { augmentation } = validConfig
    const nameOf = (change: Partial<typeof augmentation>) =>
      identify({ ...validConfig, augmentation: { ...augmentation, ...change } })
    // Records from before name no colours.
    for (const idle of [{ grayBeforeJitter: true }, { solarizeThreshold: 0.1 }]) {
      assert.strictEqual(nameOf(idle), "581a42389aeb")
    }
    const changes = [
      ...[{ saturation: 0.4 }, { hue: 0.1 }, { jitterOrder: "random" as const }],
      ...[{ gray: 0.2 }, { gray: 0.2, grayBeforeJitter: true }],
      ...[{ solarize: 0.2 }, { solarize: 0.2, solarizeThreshold: 0.1 }]
    ]
    const names = [{}, ...changes].map(nameOf)
    assert.strictEqual(new Set(names).size, names.length)
  })

  it("does not tell of one group, and is another one for more and for wider ones", () => {
    const encoder = { ...validConfig.encoder, block: "bottleneck" } as const
    const nameOf = (change: Partial<typeof encoder>) =>
      identify({ ...validConfig, encoder: { ...encoder, ...change } })
    assert.strictEqual(nameOf({ groups: 1 }), nameOf({}))
    const names = [{}, { groups: 2 }, { groupWidth: 8 }, { groups: 2, groupWidth: 8 }].map(nameOf)
    assert.strictEqual(new Set(names).size, names.length)
  })

  it("is another one where the encoder sees images of another size, or another split evaluates", () => {
    const { data } = validConfig
    const others = [
      { ...validConfig, data: { ...data, imageSize: 32 } },
      { ...validConfig, data: { ...data, evaluationSplit: "validation" as const } }
    ].map((config) => identify(config))
    assert.strictEqual(new Set([identify(validConfig), ...others]).size, 3)
    // Of a record from when the split was called so.
    assert.strictEqual(others[1], "c9cfec839967")
  })

  it("is another one where a stage of a program's own stands in place of the config's", () => {
    const dataset = layerSynthetic({
      ...{ numTrain: 8, numTest: 8, height: 8, width: 8, channels: 1, numClasses: 2, seed: 1 }
    })
    const evaluations = [Layer.succeed(Evaluation, {} as never)]
    const names = [{}, { dataset }, { keyShuffle: KeyShuffle.layerNone }, { evaluations }].map((stages) =>
      identify(validConfig, stages)
    )
    assert.strictEqual(new Set(names).size, 4)
    assert.strictEqual(names[0], identify(validConfig))
  })

  it("is another one where the same config computes something else since: NCE by another normalizer", () => {
    const byRandomBank = "a4d9481928fd"
    assert.notStrictEqual(identify({ ...bank, loss: { ...bank.loss, kind: "nce" } }), byRandomBank)
  })
})
