import { assert, layer, onTestFinished, vi } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { isNative, nativeViews } from "@moco/data/Augmentation/nativeViews"
import { onHost, viewsHere } from "@moco/data/Augmentation/onHost"
import { identity } from "@moco/data/AugmentationPlan"
import { loadedLibrary } from "@moco/native/NativeLibrary"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import fc from "fast-check"
import { anyImage, anyPlan } from "./images.ts"

const seenAs = (channels: number, height: number, width: number) => ({
  input: { height, width, channels },
  mean: [0.485, 0.456, 0.406].slice(0, channels),
  std: [0.229, 0.224, 0.225].slice(0, channels)
})

/** Rows that fill the vectors of the addon, that do not, and that have a rest. */
const side = fc.integer({ min: 1, max: 20 })
const sigma = fc.oneof(fc.constant(0), fc.double({ min: 0.01, max: 4, noNaN: true }))

const anyViews = fc.constantFrom(1, 3).chain((channels) =>
  fc.record({
    seen: fc.tuple(side, side).map(([height, width]) => seenAs(channels, height, width)),
    shown: fc.array(
      anyImage(channels, 30).chain((image) =>
        fc
          .record({ image: fc.constant(image), plan: anyPlan(image, channels === 3), blur: sigma })
          .map(({ blur, image, plan }) => ({ image, plan: { ...plan, blur } }))
      ),
      { minLength: 1, maxLength: 5 }
    )
  })
)

const bitsOf = (values: Float32Array) => new Uint32Array(values.buffer, values.byteOffset, values.length)

layer(Backend.layerTensorflow())("views by the project's addon", (it) => {
  it.effect("always are those that are made without it, to the bit", () =>
    Effect.sync(() => {
      const native = loadedLibrary()!.images
      fc.assert(
        fc.property(anyViews, ({ seen, shown }) => {
          const [images, plans] = [shown.map(({ image }) => image), shown.map(({ plan }) => plan)]
          const here = viewsHere(images, plans, seen)
          const there = nativeViews(native, images, plans, seen)
          assert.deepStrictEqual(bitsOf(there), bitsOf(here))
        }),
        { numRuns: 500 }
      )
    })
  )

  it.effect("are what a view is where it has been loaded", () =>
    Effect.sync(() => {
      const library = loadedLibrary()!
      const makeViews = vi.spyOn(library.images, "makeViews")
      onTestFinished(() => makeViews.mockRestore())
      const image = { height: 1, width: 1, pixels_HWC: Uint8Array.of(255, 0, 51) }
      const plain = { input: { height: 1, width: 1, channels: 3 }, mean: [0, 0, 0], std: [1, 1, 1] }
      const view = tf.tidy(() => [...onHost(plain)([image], [identity(1, 1)]).dataSync()])
      assert.deepStrictEqual(view, [1, 0, Math.fround(0.2)])
      assert.strictEqual(makeViews.mock.calls.length, 1)
    })
  )

  it.effect("are refused where a plan does not fit its image, and nothing is read outside of it", () =>
    Effect.sync(() => {
      const native = loadedLibrary()!.images
      const image = { height: 2, width: 3, pixels_HWC: new Uint8Array(18) }
      const make = (changes: Partial<typeof whole>, shown = image, seen = seenAs(3, 2, 2)) =>
        nativeViews(native, [shown], [{ ...whole, ...changes }], seen)
      const whole = identity(2, 3)
      assert.strictEqual(make({}).length, 12)
      const box = whole.crop
      for (const crop of [
        { ...box, top: 1 },
        { ...box, left: 1 },
        { ...box, height: 3 },
        { ...box, width: 4 },
        { ...box, width: 0 },
        { ...box, top: -1 },
        { ...box, left: Number.NaN }
      ]) {
        assert.throws(() => make({ crop }), RangeError)
      }
      assert.throws(() => make({}, { ...image, height: 3 }), "another number of pixels")
      assert.throws(() => make({}, image, seenAs(1, 2, 2)), "another number of pixels")
      assert.throws(() => make({ saturation: 2 }, { ...image, width: 9 }, seenAs(1, 2, 2)), RangeError)
    })
  )

  it.effect("are made here where images have other channels, or a plan has more steps than there are", () =>
    Effect.sync(() => {
      const { crop, order, ...plan } = identity(1, 1)
      assert.isTrue(isNative({ height: 1, width: 1, channels: 3 }, [{ ...plan, crop, order }]))
      assert.isFalse(isNative({ height: 1, width: 1, channels: 4 }, [{ ...plan, crop, order }]))
      assert.isFalse(
        isNative({ height: 1, width: 1, channels: 3 }, [{ ...plan, crop, order: [...order, "hue"] }])
      )
    })
  )
})
