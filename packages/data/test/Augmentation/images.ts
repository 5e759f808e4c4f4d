import type { CropBox, JitterStep } from "@moco/data/AugmentationPlan"
import { type AugmentationPlan, fixedOrder } from "@moco/data/AugmentationPlan"
import type { Image } from "@moco/data/ImageSource"
import fc from "fast-check"

/** Images of up to `most` pixels a side. */
export const anyImage = (channels: number, most = 9): fc.Arbitrary<Image> => {
  const side = fc.integer({ min: 1, max: most })
  return fc.tuple(side, side).chain(([height, width]) => {
    const length = height * width * channels
    return fc
      .uint8Array({ minLength: length, maxLength: length })
      .map((pixels_HWC) => ({ height, width, pixels_HWC }))
  })
}

/** A box inside of an image. */
export const anyBox = ({ height, width }: Image): fc.Arbitrary<CropBox> =>
  fc
    .tuple(fc.integer({ min: 1, max: height }), fc.integer({ min: 1, max: width }))
    .chain(([boxHeight, boxWidth]) =>
      fc.record({
        top: fc.integer({ min: 0, max: height - boxHeight }),
        left: fc.integer({ min: 0, max: width - boxWidth }),
        height: fc.constant(boxHeight),
        width: fc.constant(boxWidth)
      })
    )

/** An order of the jitter's steps. */
export const anyOrder: fc.Arbitrary<ReadonlyArray<JitterStep>> = fc.shuffledSubarray([...fixedOrder], {
  minLength: 4
})

const factor = fc.oneof(fc.constant(1), fc.double({ min: 0, max: 3, noNaN: true }))

/** A plan for an image; `inColour` says whether it may ask for what gray images have not. */
export const anyPlan = (image: Image, inColour: boolean): fc.Arbitrary<AugmentationPlan> =>
  fc.record({
    crop: anyBox(image),
    flip: fc.boolean(),
    brightness: factor,
    contrast: factor,
    saturation: inColour ? factor : fc.constant(1),
    hue: inColour ? fc.double({ min: -0.5, max: 0.5, noNaN: true }) : fc.constant(0),
    order: anyOrder,
    gray: inColour ? fc.constantFrom("none", "beforeJitter", "afterJitter") : fc.constant("none"),
    blur: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 4, noNaN: true })),
    solarize: inColour
      ? fc.oneof(fc.constant(null), fc.double({ min: 0, max: 1, noNaN: true }))
      : fc.constant(null)
  })
