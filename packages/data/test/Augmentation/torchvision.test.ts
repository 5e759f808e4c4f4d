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
        values: Schema.Array(Schema.Finite)
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

layer(Backend.layerCpu)("A view beside torchvision's by the same plan", (it) => {
  for (const { image, name, plan, values } of cases) {
    it.effect(`is the same: ${name}`, () =>
      Effect.sync(() => {
        const { pixels, ...size } = images[image]!
        const view = tf.tidy(() =>
          augment([{ ...size, pixels_HWC: Uint8Array.from(pixels) }], [plan]).dataSync()
        )
        assert.strictEqual(values.length, seen.height * seen.width * 3)
        const isOfGray = plan.gray !== "none" || plan.contrast !== 1 || plan.saturation !== 1
        assertClose(view, values, isOfGray ? grayTolerance : tolerance)
      })
    )
  }
})
