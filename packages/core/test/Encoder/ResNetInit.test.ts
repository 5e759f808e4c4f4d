import { assert, describe, it } from "@effect/vitest"
import type { Weights } from "@moco/core/Encoder"
import * as ResNet from "@moco/core/Encoder/ResNet"
import type { ResNetConfig } from "@moco/core/Encoder/ResNetConfig"
import { sizesOfResNet } from "@moco/core/Encoder/ResNetSizes"
import type { NamedTensors } from "@moco/core/Tensor"
import { tinyResNet as tiny } from "@moco/core/testing"
import { onTensorflow } from "./onTensorflow.ts"

const numParameters = ({ parameters }: Weights, isCounted: (name: string) => boolean) =>
  Object.entries(parameters).reduce((sum, [name, { size }]) => sum + (isCounted(name) ? size : 0), 0)

describe("A ResNet before it is trained", () => {
  const isBackbone = (name: string) => !name.startsWith("fc")
  const published = [
    // torchvision's resnet18, 34 and 50 without their fc.
    ["ResNet-18", "basic", [2, 2, 2, 2], 11_176_512],
    ["ResNet-34", "basic", [3, 4, 6, 3], 21_284_672],
    ["ResNet-50", "bottleneck", [3, 4, 6, 3], 23_508_032]
  ] as const
  const configOf = ([, block, layers]: (typeof published)[number]): ResNetConfig => ({
    ...tiny,
    ...{ block, layers, width: 64, stem: "imagenet", featureSize: 128 }
  })
  for (const network of published) {
    const [name, , , count] = network
    it(`has as many parameters as torchvision's ${name}`, () => {
      const { featureSize, numParameters, representationSize } = sizesOfResNet(configOf(network), 3)
      // Theirs ends before the head, a linear layer with a bias.
      const ofHead = featureSize * (representationSize + 1)
      assert.strictEqual(numParameters - ofHead, count)
    })
  }

  it.effect("initialises as many as its layout has", () =>
    onTensorflow(() => {
      const weights = ResNet.make(configOf(published[0]), 3).init(1)
      assert.strictEqual(numParameters(weights, isBackbone), published[0][3])
    })
  )

  it.effect("names its parameters as torchvision does", () =>
    onTensorflow(() => {
      const config: ResNetConfig = { ...tiny, block: "bottleneck", layers: [1, 1], head: "mlp" }
      const { parameters, statistics } = ResNet.make(config, 3).init(1)
      const convs = ["conv1", ...[1, 2].flatMap((stage) => [1, 2, 3].map((i) => `layer${stage}.0.conv${i}`))]
      const shortcuts = [1, 2].map((stage) => `layer${stage}.0.downsample.0`)
      const norms = [
        ...convs.map((conv) => conv.replace("conv", "bn")),
        ...[1, 2].map((stage) => `layer${stage}.0.downsample.1`)
      ]
      assert.sameMembers(Object.keys(parameters), [
        ...[...convs, ...shortcuts].map((conv) => `${conv}.weight`),
        ...norms.flatMap((norm) => [`${norm}.weight`, `${norm}.bias`]),
        "fc.0.weight",
        "fc.0.bias",
        "fc.2.weight",
        "fc.2.bias"
      ])
      assert.sameMembers(
        Object.keys(statistics),
        norms.flatMap((norm) => [`${norm}.running_mean`, `${norm}.running_var`])
      )
      assert.deepStrictEqual(parameters["layer2.0.downsample.0.weight"]!.shape, [1, 1, 16, 32])
      assert.deepStrictEqual(parameters["fc.2.weight"]!.shape, [8, 32])
    })
  )

  it.effect("projects the shortcut only where stride or width changes", () =>
    onTensorflow(() => {
      const names = Object.keys(ResNet.make({ ...tiny, layers: [3, 3, 3], width: 16 }, 1).init(1).parameters)
      assert.sameMembers(
        names.filter((name) => name.endsWith("downsample.0.weight")),
        ["layer2.0.downsample.0.weight", "layer3.0.downsample.0.weight"]
      )
    })
  )

  it.effect(
    "starts as torchvision does: Kaiming by fan-out, batch norm 1 and 0, linear layers uniform by fan-in",
    () =>
      onTensorflow(() => {
        const { parameters, statistics } = ResNet.make({ ...tiny, width: 32 }, 1).init(7)
        // Of 32 channels 64 are made, so fan-in and fan-out differ.
        const conv = Array.from(parameters["layer2.0.conv1.weight"]!.dataSync())
        const variance = conv.reduce((sum, value) => sum + value * value, 0) / conv.length
        // 18,432 normal numbers: five standard errors of a variance are 5.2 %.
        assert.closeTo(variance / (2 / (9 * 64)), 1, 0.052)
        const linear = Array.from(parameters["fc.weight"]!.dataSync())
        const bound = 1 / Math.sqrt(64)
        assert.isTrue(linear.every((value) => Math.abs(value) <= bound))
        assert.isAbove(Math.max(...linear), 0.9 * bound)
        const all = (tensors: NamedTensors, name: string) => Array.from(new Set(tensors[name]!.dataSync()))
        assert.deepStrictEqual(all(parameters, "bn1.weight"), [1])
        assert.deepStrictEqual(all(parameters, "bn1.bias"), [0])
        assert.deepStrictEqual(all(statistics, "bn1.running_mean"), [0])
        assert.deepStrictEqual(all(statistics, "bn1.running_var"), [1])
      })
  )

  it.effect("starts from the seed alone, each layer from a stream of its own", () =>
    onTensorflow(() => {
      const weights = (config: ResNetConfig, seed: number) => ResNet.make(config, 1).init(seed).parameters
      const values = (parameters: NamedTensors, name: string) => Array.from(parameters[name]!.dataSync())
      const name = "layer1.0.conv1.weight"
      assert.deepStrictEqual(values(weights(tiny, 3), name), values(weights(tiny, 3), name))
      assert.notDeepEqual(values(weights(tiny, 3), name), values(weights(tiny, 4), name))
      // A deeper network starts with the same first layers.
      assert.deepStrictEqual(
        values(weights({ ...tiny, layers: [1, 1, 1] }, 3), name),
        values(weights(tiny, 3), name)
      )
    })
  )
})
