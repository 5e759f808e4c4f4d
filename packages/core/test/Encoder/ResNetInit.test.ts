import { assert, describe, it } from "@effect/vitest"
import type { Weights } from "@moco/core/Encoder"
import { published, type Shape } from "@moco/core/Encoder/published"
import * as ResNet from "@moco/core/Encoder/ResNet"
import type { ResNetConfig } from "@moco/core/Encoder/ResNetConfig"
import { layoutNeeds } from "@moco/core/Encoder/ResNetNeeds"
import { sizesOfResNet } from "@moco/core/Encoder/ResNetSizes"
import * as Stage from "@moco/core/Stage"
import type { NamedTensors } from "@moco/core/Tensor"
import { tinyResNet as tiny } from "@moco/core/testing"
import { onTensorflow } from "./onTensorflow.ts"

const numParameters = ({ parameters }: Weights, isCounted: (name: string) => boolean) =>
  Object.entries(parameters).reduce((sum, [name, { size }]) => sum + (isCounted(name) ? size : 0), 0)

describe("A ResNet before it is trained", () => {
  const isBackbone = (name: string) => !name.startsWith("fc")
  const configOf = (shape: Shape): ResNetConfig => ({ ...tiny, ...shape, stem: "imagenet", featureSize: 128 })
  const sizeOf = (shape: Shape) => {
    const { featureSize, numParameters, representationSize } = sizesOfResNet(configOf(shape), 3)
    // Theirs is counted without the head, a linear layer with a bias.
    return numParameters - featureSize * (representationSize + 1)
  }

  it("has as many parameters as torchvision's networks of the same names, without their fc", () => {
    const { resnet18, resnet34, resnet50, resnext50 } = published
    const ofBottlenecks = (whole: number) => whole - 1000 * (2048 + 1)
    assert.deepStrictEqual([resnet18, resnet34, resnet50].map(sizeOf), [11_176_512, 21_284_672, 23_508_032])
    // resnext50_32x4d and wide_resnet50_2, with the fc of ImageNet's classes.
    assert.strictEqual(sizeOf(resnext50), ofBottlenecks(25_028_904))
    assert.strictEqual(sizeOf({ ...resnet50, groupWidth: 128 }), ofBottlenecks(68_883_240))
  })

  it("has as many as the MoCo paper says of its wider networks", () => {
    const { resnet50, resnet50w2, resnet50w4, resnext50w8 } = published
    // He et al. 2020, table 1, which counts backbones.
    const millions = [resnet50, resnext50w8, resnet50w2, resnet50w4].map((shape) => sizeOf(shape) / 1e6)
    assert.deepStrictEqual(millions.map(Math.round), [24, 46, 94, 375])
  })

  it("may have its groups share a width that they divide, and a width of their own only in bottlenecks", () => {
    const shared = { ...published.resnet50, groups: 32 }
    assert.strictEqual(sizeOf(shared), sizeOf({ ...shared, groupWidth: 2 }))
    const refusal = (shape: Shape) => {
      assert.throws(() => ResNet.make(configOf(shape), 3), Stage.StageInvalid)
      return Stage.firstUnmet("ResNet", layoutNeeds(configOf(shape), 3))!.message
    }
    assert.include(refusal({ ...shared, groups: 48 }), "groups = 48: must divide the width of 64")
    assert.include(refusal({ ...published.resnet18, groups: 2 }), "groups = 2: is of bottlenecks")
    assert.include(refusal({ ...published.resnet18, groupWidth: 8 }), "groupWidth = 8: is of bottlenecks")
    assert.include(refusal({ ...shared, groups: 0 }), "groups = 0: must be an integer of at least 1")
  })

  it.effect("initialises as many as its layout has", () =>
    onTensorflow(() => {
      for (const shape of [published.resnet18, { ...published.resnext50, layers: [1, 1] }]) {
        const weights = ResNet.make(configOf(shape), 3).init(1)
        assert.strictEqual(numParameters(weights, isBackbone), sizeOf(shape))
      }
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

  it.effect("starts a convolution with groups as PyTorch does, by the fan-out of all groups together", () =>
    onTensorflow(() => {
      const grouped = { ...tiny, block: "bottleneck", groups: 8, groupWidth: 16 } as const
      const filter = ResNet.make(grouped, 1).init(7).parameters["layer2.0.conv2.weight"]!
      // 256 channels in 8 groups of 32.
      assert.deepStrictEqual(filter.shape, [3, 3, 32, 256])
      const values = Array.from(filter.dataSync())
      const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length
      // 73,728 normal numbers: five standard errors of a variance are 2.6 %.
      assert.closeTo(variance / (2 / (9 * 256)), 1, 0.026)
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
