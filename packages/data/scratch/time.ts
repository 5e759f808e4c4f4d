import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Backend } from "@moco/core/Backend"
import { Augmentation } from "@moco/data/Augmentation"
import { cropAndFlip } from "@moco/data/Augmentation/Crop"
import { colorJitter } from "@moco/data/Augmentation/ColorJitter"
import { Dataset, toTensor } from "@moco/data/Dataset"
import { layerEmbedded } from "@moco/data/Dataset/FashionMnist"
import { ViewPairs } from "@moco/data/ViewPairs"

const settings = { cropScale: { min: 0.2, max: 1 }, cropRatio: { min: 3 / 4, max: 4 / 3 }, flip: 0.5, jitter: 0.8, brightness: 0.4, contrast: 0.4 }
const live = ViewPairs.layer({ seed: 1, batchSize: 256 }).pipe(
  Layer.provideMerge(Augmentation.layer(settings)),
  Layer.provideMerge(layerEmbedded({ judge: "test" })),
  Layer.provideMerge(Backend.layerTensorflow()), Layer.provide(NodeServices.layer))
const time = (name: string, f: () => void) => {
  for (let i = 0; i < 10; i++) f()
  const ts = []
  for (let i = 0; i < 50; i++) { const t = performance.now(); f(); ts.push(performance.now() - t) }
  ts.sort((a, b) => a - b)
  console.log(name, "median", ts[25].toFixed(2), "min", ts[0].toFixed(2), "ms")
}
await Effect.runPromise(Effect.gen(function* () {
  const d = yield* Dataset
  const a = yield* Augmentation
  const v = yield* ViewPairs
  console.log(d.name, d.train.numImages, d.test.numImages, d.mean, d.std, v.stepsPerEpoch)
  const indices = Int32Array.from({ length: 256 }, (_, i) => i)
  const x = toTensor(d.train, indices)
  const plans = Array.from(indices, (index) => a.draw({ seed: 1, epoch: 0, index, view: 0 }))
  time("toTensor", () => toTensor(d.train, indices).dispose())
  time("draw 256", () => { for (const index of indices) a.draw({ seed: 1, epoch: 0, index, view: 0 }) })
  time("crop", () => tf.tidy(() => { cropAndFlip(x, plans).dataSync() }))
  time("jitter", () => tf.tidy(() => { colorJitter(x, plans).dataSync() }))
  time("normalize", () => tf.tidy(() => { a.normalize(x).dataSync() }))
  time("apply", () => tf.tidy(() => { a.apply(x, plans).dataSync() }))
  let s = 0
  time("batch (2 views)", () => tf.tidy(() => { const b = v.batch(s++ % 30); b.viewQ_NHWC.dataSync(); b.viewK_NHWC.dataSync() }))
  console.log(tf.memory().numTensors)
  const r = (n: number) => tf.randomUniform([256, 28, 28], 0, 1) as tf.Tensor3D
  const R = r(1), C = r(2), X = r(3)
  time("matmul crop", () => tf.tidy(() => { tf.matMul(tf.matMul(R, X), C, false, true).dataSync() }))
}).pipe(Effect.provide(live)))
