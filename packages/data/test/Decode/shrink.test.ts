import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { shrink, shrunkSize } from "@moco/data/Decode/shrink"
import fc from "fast-check"
import { anyImage } from "../Augmentation/images.ts"

interface Recorded {
  readonly height: number
  readonly width: number
  readonly pixels_HWC: ReadonlyArray<number>
}

/** Written by `tools/parity/record_shrunk.py`. */
const cases = JSON.parse(
  readFileSync(join(import.meta.dirname, "../parity/shrunk.json"), "utf8")
) as ReadonlyArray<{
  readonly image: Recorded
  readonly shorterSide: number
  readonly shrunk: Recorded
}>

describe("an image that is shrunk", () => {
  it.each(cases)(
    "of $image.height x $image.width to $shorterSide has the pixels that Pillow gives",
    ({ image, shorterSide, shrunk }) => {
      const found = shrink({ ...image, pixels_HWC: Uint8Array.from(image.pixels_HWC) }, shorterSide)
      assert.deepStrictEqual({ ...found, pixels_HWC: [...found.pixels_HWC] }, shrunk)
    }
  )

  it("is given back as it is where it is small enough, or nothing is shrunk", () => {
    const image = { height: 2, width: 3, pixels_HWC: new Uint8Array(18) }
    for (const shorterSide of [0, 2, 3, 100]) assert.strictEqual(shrink(image, shorterSide), image)
  })

  it("always has the shorter side that was asked for, keeps its form, and a flat one stays flat", () => {
    fc.assert(
      fc.property(
        anyImage(3, 30),
        fc.integer({ min: 1, max: 30 }),
        fc.nat(255),
        (image, shorterSide, level) => {
          const { height, pixels_HWC, width } = shrink(
            { ...image, pixels_HWC: image.pixels_HWC.map(() => level) },
            shorterSide
          )
          assert.deepStrictEqual({ height, width }, shrunkSize(image, shorterSide))
          assert.strictEqual(Math.min(height, width), Math.min(image.height, image.width, shorterSide))
          // A longer side is cut to whole pixels: less than one is missing.
          const [longer, shorter] = [Math.max(height, width), Math.min(height, width)]
          const exact = (Math.max(image.height, image.width) * shorter) / Math.min(image.height, image.width)
          assert.isTrue(longer <= exact && longer > exact - 1)
          assert.strictEqual(width >= height, image.width >= image.height || width === height)
          assert.deepStrictEqual([...new Set(pixels_HWC)], [level])
          assert.strictEqual(pixels_HWC.length, height * width * 3)
        }
      )
    )
  })
})
