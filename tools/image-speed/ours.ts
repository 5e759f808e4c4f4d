import { Augmentation } from "@moco/data/Augmentation"
import { mocoV2 } from "@moco/data/Augmentation/presets"
import { withoutColour } from "@moco/data/Augmentation/settings"
import { Dataset } from "@moco/data/Dataset"
import * as Files from "@moco/data/Files"
import { readAhead } from "@moco/data/ViewPairs/readAhead"
import { bench, layersOfWorkload } from "@moco/train/Bench"
import { defaultBlocks } from "@moco/train/Bench/blocks"
import { LoadMeter } from "@moco/train/Bench/LoadMeter"
import { fashionMnistQuick } from "@moco/train/recipes/fashionMnistQuick"
import { Effect, Layer } from "effect"

/** What is made of every file: one crop of 224 pixels, or two views of MoCo v2. */
export type Kind = "crop" | "views"

/** What a pass over all files took. */
export interface Pass {
  readonly seconds: number
  /** Seconds that processors spent on it, on all threads. */
  readonly processorSeconds: number
}

const batchSize = 64
const settings = {
  crop: { ...mocoV2, ...withoutColour, jitter: 0, flip: 0, blur: 0 },
  views: mocoV2
} as const
const viewsOf = { crop: [0], views: [0, 1] } as const

/** Reads all files of a folder by the stages of a run, two batches ahead, and makes float32 views of them, normalised. */
export const passOver = Effect.fn("passOver")(function* (folder: string, kind: Kind, shorterSide: number) {
  const files = { ...Files.usualFiles, path: folder, heldBack: 0, shorterSide }
  const dataset = Files.layer(files, "test", 224)
  return yield* Effect.gen(function* () {
    const { train } = yield* Dataset
    const augmentation = yield* Augmentation
    const indicesOf = (batch: number) => {
      const from = (batch * batchSize) % train.numImages
      return Int32Array.from({ length: Math.min(batchSize, train.numImages - from) }, (_, row) => from + row)
    }
    const start = performance.now()
    const before = process.cpuUsage()
    const imagesOf = yield* readAhead((batch) => train.read(indicesOf(batch)), 2)
    for (let batch = 0; batch * batchSize < train.numImages; batch++) {
      const images = yield* imagesOf(batch)
      for (const view of viewsOf[kind]) {
        const keys = Array.from(indicesOf(batch), (index) => ({ seed: 1, epoch: 0, index, view }))
        augmentation.views(images, keys).dispose()
      }
    }
    const { system, user } = process.cpuUsage(before)
    const pass: Pass = {
      seconds: (performance.now() - start) / 1000,
      processorSeconds: (system + user) / 1e6
    }
    return pass
  }).pipe(Effect.provide(Layer.provideMerge(Augmentation.layer(settings[kind]), dataset)))
}, Effect.scoped)

/** A step of a ResNet-18 on 256 images of 3 x 32 x 32 in two views of MoCo v2, by its stages. */
export const measureStep = (numSteps: number) => {
  const quick = fashionMnistQuick()
  const encoder = { ...quick.encoder, block: "basic", layers: [2, 2, 2, 2], width: 64 } as const
  const training = { ...quick.training, batchSize: 256 }
  const config = { ...quick, encoder, training, augmentation: mocoV2, evaluations: {} }
  const workload = { config, imageSize: 32, channels: 3, augment: true }
  return bench(workload, { ...defaultBlocks, numSteps, warmUp: 1, maxTries: 1 }).pipe(
    Effect.provide(Layer.merge(layersOfWorkload(workload), LoadMeter.layer)),
    Effect.scoped
  )
}
