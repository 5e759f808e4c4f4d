import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import type { Weights } from "@moco/core/Encoder"
import { published } from "@moco/core/Encoder/published"
import * as ResNet from "@moco/core/Encoder/ResNet"
import type { NamedTensors } from "@moco/core/Tensor"
import { fromTorch, stateDict } from "@moco/core/TorchTensors"
import * as tf from "@tensorflow/tfjs-core"
import { withoutNativeOps } from "../../src/internal/kernels/nativeOps.ts"
import { drawn, weightFor } from "./drawn.ts"
import { onTensorflow } from "./onTensorflow.ts"

interface Recorded {
  readonly shapes: Readonly<Record<string, ReadonlyArray<number>>>
  readonly features: ReadonlyArray<ReadonlyArray<number>>
}

/** By torchvision: `tools/parity/record_encoders.py`. */
const recorded: Recorded = JSON.parse(
  readFileSync(join(import.meta.dirname, "../parity/resnext50.json"), "utf8")
)

const network = ResNet.make(
  {
    ...published.resnext50,
    ...{ stem: "imagenet", head: "linear", featureSize: 16, batchNormGroups: 1 }
  },
  3
)

const isStatistic = (name: string) => /\.running_(mean|var)$/.test(name)

const inTorch = Object.fromEntries(
  Object.entries(recorded.shapes).map(([name, shape]) => [name, weightFor(name, shape)])
)

const recordedWeights = (): Weights => {
  const tensors = fromTorch(inTorch)
  const only = (isWanted: (name: string) => boolean): NamedTensors =>
    Object.fromEntries(Object.entries(tensors).filter(([name]) => isWanted(name)))
  return { parameters: only((name) => !isStatistic(name)), statistics: only(isStatistic) }
}

describe("ResNeXt-50 32x4d", () => {
  it.effect("is exported under the names and in the shapes that torchvision's has, to the last one", () =>
    onTensorflow(() => {
      const exported = Object.entries(stateDict(network.init(1), 0)).filter(
        ([name]) => !name.endsWith("num_batches_tracked")
      )
      assert.deepStrictEqual(
        Object.fromEntries(exported.map(([name, { shape }]) => [name, [...shape]])),
        recorded.shapes
      )
    })
  )

  for (const [title, using] of [
    ["the project's own ops", <A>(compute: () => A) => compute()],
    ["TensorFlow's ops", withoutNativeOps]
  ] as const) {
    it.effect(`makes of images what torchvision's makes of them, by ${title}`, () =>
      onTensorflow(() => {
        const image_NCHW = tf.tensor4d(
          Float32Array.from(drawn("image", 2 * 3 * 64 * 64), (value) => 2 * value - 1),
          [2, 3, 64, 64]
        )
        const found = using(() =>
          network.represent(recordedWeights(), tf.transpose(image_NCHW, [0, 2, 3, 1])).dataSync()
        )
        const expected = recorded.features.flat()
        const largest = Math.max(...expected.map(Math.abs))
        const worst = Math.max(...expected.map((value, at) => Math.abs(value - found[at]!)))
        assert.strictEqual(found.length, expected.length)
        assert.isAbove(largest, 0)
        assert.isBelow(worst / largest, 1e-4)
      })
    )
  }
})
