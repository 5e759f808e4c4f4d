import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as presets from "@moco/data/Augmentation/presets"
import { ownImages } from "@moco/data/DataSettings"
import { layerSynthetic } from "@moco/data/Dataset/Synthetic"
import * as Run from "@moco/train/Run"
import { decode, type RunConfig, warnings } from "@moco/train/RunConfig"
import { imagesOf } from "@moco/train/RunConfig/images"
import { recipes } from "@moco/train/recipes"
import { photosOf } from "@moco/train/recipes/photos"
import { Effect, FileSystem } from "effect"

const headerOf = (name: string) => {
  const text = readFileSync(join(import.meta.dirname, `../src/recipes/${name}.ts`), "utf8")
  const blocks = [...text.matchAll(/\/\*\*[\s\S]*?\*\//g)].map(([block]) => block)
  return blocks.find((block) => block.includes("- Source:")) ?? ""
}

/** The recipe with less of everything that takes time, and images of its size and channels that are given in code. */
const shortened = (config: RunConfig): RunConfig => ({
  ...config,
  data: { name: ownImages, evaluationSplit: "test", imageSize: 32 },
  encoder: {
    ...config.encoder,
    layers: [1, 1],
    width: 16,
    batchNormGroups: config.encoder.batchNormGroups > 1 ? 2 : 1
  },
  dictionary: config.dictionary.kind === "endToEnd" ? config.dictionary : { ...config.dictionary, size: 64 },
  optimizer: { ...config.optimizer, schedule: { kind: "cosine" } },
  training: { epochs: 1, batchSize: 16 },
  evaluations:
    Object.keys(config.evaluations).length === 0 ? {} : { knn: { everyEpochs: 1, k: [5], temperature: 0.1 } }
})

describe("every recipe", () => {
  for (const [name, recipe] of Object.entries(recipes)) {
    const config = recipe()

    it.effect(`${name} is a config of that name, with nothing in it that is told to be unwise`, () =>
      Effect.gen(function* () {
        assert.strictEqual(config.recipe, name)
        assert.deepStrictEqual(yield* decode(config), config)
        assert.deepStrictEqual(warnings(config), [])
      })
    )

    it(`${name} says where it comes from, how it is started, and what it costs`, () => {
      const header = headerOf(name)
      for (const part of ["- Source: ", "- Command: `npx moco train", "- Cost"])
        assert.include(header, part, name)
      // The quick recipe's figures stand in the README.
      if (name !== "fashionMnistQuick" && !name.startsWith("fashionMnist")) {
        assert.match(header, /- Expected: /, name)
        assert.match(header, /AMD EPYC|on two cores/, name)
      }
    })

    it.effect(`${name} trains and is evaluated, in small`, () =>
      Effect.gen(function* () {
        const { channels } = imagesOf(config)
        const images = { height: 32, width: 32, channels, numClasses: 2, seed: 1, numTrain: 64, numTest: 8 }
        const folder = join(yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped(), "run")
        const losses: Array<number> = []
        const run = yield* Run.open(
          { config: shortened(config), folder },
          { stages: { dataset: layerSynthetic(images) } }
        )
        const { measurements } = yield* run.train({
          observe: (event) =>
            Effect.sync(() => void (event.event === "step" && losses.push(event.metrics["loss"]!)))
        })
        assert.lengthOf(losses, 4)
        assert.isTrue(losses.every(Number.isFinite))
        assert.strictEqual(measurements.length > 0, Object.keys(config.evaluations).length > 0)
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
    )
  }
})

describe("the recipes of the literature", () => {
  const { cifar10, cifar10InstDisc, cifar10V2, imagenetV1, imagenetV2, photos, stl10 } = recipes as Readonly<
    Record<string, () => RunConfig>
  >

  it("have the settings of their sources", () => {
    const v1 = imagenetV1!()
    // main_moco.py's defaults, and what its README adds for v2.
    assert.deepInclude(v1.optimizer, { learningRate: 0.03, momentum: 0.9, weightDecay: 1e-4 })
    assert.deepStrictEqual(v1.optimizer.schedule, { kind: "step", milestones: [120, 160], factor: 0.1 })
    assert.deepStrictEqual(v1.training, { epochs: 200, batchSize: 256 })
    assert.deepStrictEqual(v1.dictionary, { kind: "queue", size: 65_536 })
    assert.deepStrictEqual(v1.loss, { kind: "infoNce", temperature: 0.07, symmetric: false })
    const v2 = imagenetV2!()
    assert.deepStrictEqual(
      [v2.encoder.head, v2.loss.temperature, v2.optimizer.schedule.kind],
      ["mlp", 0.2, "cosine"]
    )
    // The notebook's.
    const notebook = cifar10!()
    assert.deepStrictEqual(notebook.optimizer, {
      ...{ learningRate: 0.06, momentum: 0.9, weightDecay: 5e-4 },
      schedule: { kind: "cosine" }
    })
    assert.deepStrictEqual(notebook.training, { epochs: 200, batchSize: 512 })
    assert.deepStrictEqual(notebook.momentum, { kind: "ema", m: 0.99 })
    assert.deepStrictEqual(notebook.encoder.batchNormGroups, 8)
    assert.deepStrictEqual(cifar10V2!().loss, { kind: "infoNce", temperature: 0.1, symmetric: true })
    // lemniscate's.
    const bank = cifar10InstDisc!()
    assert.deepInclude(bank.dictionary, { kind: "memoryBank", size: 4096, entryMomentum: 0.5 })
    assert.deepStrictEqual(bank.loss, { kind: "nce", temperature: 0.1, symmetric: false })
  })

  it("measure images without labels by what needs none", () => {
    const unlabelled = photosOf({ channels: 3, numImages: 1000, hasClasses: false, shorterSide: 256 })
    const tooMany = photosOf({ channels: 3, numImages: 10 ** 6, hasClasses: true, shorterSide: 256 })
    for (const { evaluations } of [unlabelled, tooMany])
      assert.deepStrictEqual(Object.keys(evaluations), ["pretext", "spectrum"])
    assert.deepStrictEqual(Object.keys(photos!().evaluations), ["knn"])
  })

  it("make their views by the preset of their source", () => {
    const made = [cifar10, cifar10V2, cifar10InstDisc, stl10, imagenetV1, imagenetV2].map(
      (recipe) => recipe!().augmentation
    )
    const { instDiscCifar, mocoV1, mocoV2, notebook } = presets
    assert.deepStrictEqual(made, [notebook, notebook, instDiscCifar, mocoV2, mocoV1, mocoV2])
    assert.deepStrictEqual(photos!().augmentation, { ...notebook, cropScale: { min: 0.25, max: 1 } })
  })
})
