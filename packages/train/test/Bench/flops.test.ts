import { assert, describe, it } from "@effect/vitest"
import type { ResNetConfig } from "@moco/core/Encoder/ResNetConfig"
import { forwardFlops } from "@moco/core/Encoder/ResNetFlops"
import { layoutOf } from "@moco/core/Encoder/ResNetLayout"
import { tinyResNet as small } from "@moco/core/testing"
import { stepFlops } from "@moco/train/Bench/flops"

const forward = (config: ResNetConfig, channels: number, imageSize: number) =>
  forwardFlops(layoutOf(config, channels), imageSize)

/** Twice the multiplications: kernel x kernel x inputs x outputs at every one of size x size places. */
const conv = (kernel: number, inputs: number, outputs: number, size: number) =>
  2 * kernel * kernel * inputs * outputs * size * size

describe("forwardFlops", () => {
  it("counts a small network as one does by hand, an odd size halved upwards", () => {
    const stem = conv(3, 1, 4, 7)
    const first = conv(3, 4, 4, 7) + conv(3, 4, 4, 7)
    // 7 pixels become 4; the shortcut is projected.
    const second = conv(3, 4, 8, 4) + conv(3, 8, 8, 4) + conv(1, 4, 8, 4)
    const head = 2 * 8 * 8
    assert.strictEqual(stem + first + second + head, 3_528 + 28_224 + 28_672 + 128)
    assert.strictEqual(forward(small, 1, 7), 60_552)
  })

  it("counts a bottleneck, an ImageNet stem with its pooling, and a head of two layers", () => {
    const config = { ...small, block: "bottleneck", stem: "imagenet", head: "mlp", layers: [1] } as const
    const stem = conv(7, 3, 4, 16)
    const block = conv(1, 4, 4, 8) + conv(3, 4, 4, 8) + conv(1, 4, 16, 8) + conv(1, 4, 16, 8)
    const head = 2 * 16 * 16 + 2 * 16 * 8
    assert.strictEqual(forward(config, 3, 32), stem + block + head)
  })

  it("gives the published counts of known networks, two operations for one of theirs", () => {
    const imagenet = { ...small, width: 64, stem: "imagenet", featureSize: 1000 } as const
    const billions = (config: ResNetConfig) => forward(config, 3, 224) / 2e9
    // He et al. 2016, table 1: 1.8, 3.6 and 3.8 (with the stride on the 1x1 convolution; 4.1 with it on the 3x3).
    assert.closeTo(billions({ ...imagenet, layers: [2, 2, 2, 2] }), 1.81, 0.01)
    assert.closeTo(billions({ ...imagenet, layers: [3, 4, 6, 3] }), 3.66, 0.01)
    const bottlenecks = { ...imagenet, layers: [3, 4, 6, 3], block: "bottleneck" } as const
    assert.closeTo(billions(bottlenecks), 4.09, 0.01)
    // torchvision's resnext50_32x4d, wide_resnet50_2: 4.23 and 11.40 billion.
    assert.closeTo(billions({ ...bottlenecks, groups: 32, groupWidth: 4 }), 4.23, 0.01)
    assert.closeTo(billions({ ...bottlenecks, groupWidth: 128 }), 11.4, 0.01)
  })
})

describe("stepFlops", () => {
  it("is four forward passes an image, and the similarities with their gradient", () => {
    const training = { epochs: 1, batchSize: 16 }
    const flops = stepFlops(
      { encoder: { kind: "resnet", ...small }, training },
      { imageSize: 7, channels: 1 },
      32
    )
    assert.strictEqual(flops, 16 * 4 * 60_552 + 2 * (2 * 16 * 32 * 8))
  })
})
