import { assert, layer } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { blurImage } from "@moco/data/Augmentation/Blur"
import * as Colour from "@moco/data/Augmentation/colour"
import { onHost } from "@moco/data/Augmentation/onHost"
import { onTensors } from "@moco/data/Augmentation/onTensors"
import { resample } from "@moco/data/Augmentation/resample"
import { type AugmentationPlan, fixedOrder, identity } from "@moco/data/AugmentationPlan"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import fc from "fast-check"
import { assertClose } from "../assertClose.ts"
import { anyImage, anyPlan } from "./images.ts"

const backends = [
  ["cpu", Backend.layerCpu],
  ["tensorflow", Backend.layerTensorflow()]
] as const

const seenAs = (channels: number) => ({
  input: { height: 6, width: 5, channels },
  mean: [0.4, 0.5, 0.45].slice(0, channels),
  std: [0.2, 0.25, 0.3].slice(0, channels)
})
/** Values in 0..1 as they come out of {@link onHost}. */
const plainly = { input: seenAs(3).input, mean: [0, 0, 0], std: [1, 1, 1] }

const anyView = (channels: number, inColour: boolean) =>
  anyImage(channels).chain((image) =>
    fc.record({
      channels: fc.constant(channels),
      image: fc.constant(image),
      plan: anyPlan(image, inColour)
    })
  )

/** What a plan says, word by word. */
const stepByStep = (
  values: Float32Array,
  { gray, order, solarize, ...plan }: AugmentationPlan
): Float32Array => {
  const steps = {
    brightness: (image: Float32Array) => Colour.brightness(image, plan.brightness),
    contrast: (image: Float32Array) => Colour.contrast(image, 3, plan.contrast),
    saturation: (image: Float32Array) => Colour.saturation(image, plan.saturation),
    hue: (image: Float32Array) => Colour.hue(image, plan.hue)
  }
  const first = gray === "beforeJitter" ? Colour.grayscale(values) : values
  const [a, b, c, d] = order.map((step) => steps[step])
  const jittered = d!(c!(b!(a!(first))))
  const last = gray === "afterJitter" ? Colour.grayscale(jittered) : jittered
  const blurred = blurImage(last, plainly.input, plan.blur)
  return solarize === null ? blurred : Colour.solarize(blurred, solarize)
}

for (const [name, backend] of backends) {
  layer(backend)(`onHost on ${name}`, (it) => {
    it.effect("always makes the view that is made of tensors, where both can", () =>
      Effect.sync(() =>
        fc.assert(
          fc.property(
            fc.constantFrom(1, 3).chain((channels) => anyView(channels, false)),
            ({ channels, image, plan: drawn }) => {
              const plan = { ...drawn, order: fixedOrder }
              const [host, tensors] = tf.tidy(() => [
                onHost(seenAs(channels))([image], [plan]).dataSync(),
                onTensors(seenAs(channels))([image], [plan]).dataSync()
              ])
              // 2e-6 of values in 0..1, which factors of up to 3 and 3 and a std of 0.2 make at most 45 times larger;
              // what is rounded is mostly not made larger, or cut off.
              assertClose(host!, [...tensors!], 2e-5)
            }
          )
        )
      )
    )

    it.effect("always makes the same of an image that is left as it is, to the bit", () =>
      Effect.sync(() =>
        fc.assert(
          fc.property(anyImage(3), (image) => {
            const whole = { ...seenAs(3), input: { height: image.height, width: image.width, channels: 3 } }
            const plan = identity(image.height, image.width)
            const [host, tensors] = tf.tidy(() => [
              onHost(whole)([image], [plan]).dataSync(),
              onTensors(whole)([image], [plan]).dataSync()
            ])
            assertClose(host!, [...tensors!], 0)
          })
        )
      )
    )
  })
}

layer(Backend.layerCpu)("onHost", (it) => {
  it.effect("always does what the plan says, in its order", () =>
    Effect.sync(() =>
      fc.assert(
        fc.property(anyView(3, true), ({ image, plan }) => {
          const seen = tf.tidy(() => onHost(plainly)([image], [plan]).dataSync())
          assertClose(seen, [...stepByStep(resample(image, 3, plan, plainly.input), plan)], 0)
        })
      )
    )
  )

  it.effect("takes the order from the plan: contrast before brightness is another image than after it", () =>
    Effect.sync(() => {
      const image = { height: 1, width: 2, pixels_HWC: Uint8Array.of(51, 51, 51, 153, 153, 153) }
      const seenWith = (order: AugmentationPlan["order"]) =>
        tf.tidy(() => {
          const plan = { ...identity(1, 2), brightness: 2, contrast: 0.5, order }
          return onHost({ ...plainly, input: { height: 1, width: 2, channels: 3 } })(
            [image],
            [plan]
          ).dataSync()
        })
      // (0.2, 0.6): twice that is (0.4, 1), of mean 0.7; half the way to it.
      const fixed = [0.55, 0.55, 0.55, 0.85, 0.85, 0.85]
      assertClose(seenWith(fixedOrder), fixed, 1e-6)
      // Half the way to 0.4 is (0.3, 0.5), and twice that.
      const other = [0.6, 0.6, 0.6, 1, 1, 1]
      assertClose(seenWith(["contrast", "brightness", "hue", "saturation"]), other, 1e-6)
    })
  )

  it.effect("makes one tensor of images of many sizes, each as if it were alone", () =>
    Effect.sync(() =>
      fc.assert(
        fc.property(fc.array(anyView(3, true), { minLength: 1, maxLength: 4 }), (shown) => {
          const augment = onHost(seenAs(3))
          const before = tf.memory().numTensors
          const view_NHWC = augment(
            shown.map(({ image }) => image),
            shown.map(({ plan }) => plan)
          )
          assert.strictEqual(tf.memory().numTensors, before + 1)
          assert.deepStrictEqual(view_NHWC.shape, [shown.length, 6, 5, 3])
          const alone = shown.flatMap(({ image, plan }) =>
            tf.tidy(() => [...augment([image], [plan]).dataSync()])
          )
          assertClose(view_NHWC.dataSync(), alone, 0)
          view_NHWC.dispose()
        })
      )
    )
  )
})
