import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, layer } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { onHost } from "@moco/data/Augmentation/onHost"
import { AugmentationPlan } from "@moco/data/AugmentationPlan"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Schema } from "effect"
import { assertClose } from "../assertClose.ts"

const Size = { height: Schema.Int, width: Schema.Int }

/** Written by `tools/parity/record_augmentations.py`. */
const Recorded = Schema.fromJsonString(
  Schema.Struct({
    seen: Schema.Struct(Size),
    images: Schema.Record(Schema.String, Schema.Struct({ ...Size, pixels: Schema.Array(Schema.Int) })),
    cases: Schema.Array(
      Schema.Struct({
        name: Schema.String,
        image: Schema.String,
        plan: AugmentationPlan,
        values: Schema.Array(Schema.Finite),
        pillow: Schema.Array(Schema.Int)
      })
    )
  })
)

const { cases, images, seen } = Schema.decodeUnknownSync(Recorded)(
  readFileSync(join(import.meta.dirname, "../parity/augmentations.json"), "utf8")
)
const augment = onHost({ input: { ...seen, channels: 3 }, mean: [0, 0, 0], std: [1, 1, 1] })

/** Ours is float32 after each step, of values up to 1; torchvision's is float64. */
const tolerance = 1e-6
/**
 * torchvision's gray of a tensor weighs red by 0.2989, Pillow's and ours by 0.299 as ITU-R 601 says: up to 1e-4 of gray,
 * and 0.4 of that in a contrast or a saturation by 0.6 or 1.4, twice where both are done.
 */
const grayTolerance = 1e-4

/** Pillow's half a byte for every step of at most four, as contrast and saturation enlarge it. */
const pillowTolerance = 2 / 255
/**
 * Pillow keeps a hue as a byte, and cuts its shift to one: 2 to 3 of 256 steps away, each of which is 6 / 256 of a saturated
 * pixel's largest channel; few pixels are.
 */
const pillowHueTolerance = { most: 15 / 255, mean: 2 / 255 }

/** The view of a case, values in 0..1. */
const viewOf = ({ image, plan }: (typeof cases)[number]) => {
  const { pixels, ...size } = images[image]!
  return tf.tidy(() => augment([{ ...size, pixels_HWC: Uint8Array.from(pixels) }], [plan]).dataSync())
}

layer(Backend.layerCpu)("A view beside torchvision's by the same plan", (it) => {
  for (const recorded of cases) {
    const { name, plan, values } = recorded
    it.effect(`is that of a tensor: ${name}`, () =>
      Effect.sync(() => {
        assert.strictEqual(values.length, seen.height * seen.width * 3)
        const isOfGray = plan.gray !== "none" || plan.contrast !== 1 || plan.saturation !== 1
        assertClose(viewOf(recorded), values, isOfGray ? grayTolerance : tolerance)
      })
    )
    it.effect(`is Pillow's but for its bytes: ${name}`, () =>
      Effect.sync(() => {
        const pillow = recorded.pillow.map((byte) => byte / 255)
        const view = viewOf(recorded)
        assert.strictEqual(pillow.length, view.length)
        assertClose(view, pillow, plan.hue === 0 ? pillowTolerance : pillowHueTolerance.most)
        const mean = pillow.reduce((sum, value, at) => sum + Math.abs(value - view[at]!), 0) / pillow.length
        assert.isBelow(mean, plan.hue === 0 ? pillowTolerance / 2 : pillowHueTolerance.mean)
      })
    )
  }
})
