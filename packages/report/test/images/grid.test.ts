import { assert, describe, it } from "@effect/vitest"
import sharp from "sharp"
import { imageGrid } from "../../src/images/grid.ts"

const image = { height: 2, width: 2, pixels_HWC: new Uint8Array(4).fill(255) }
const row = { label: "", images: Array.from({ length: 6 }, () => image) }

/** How much of some lines of a picture is not white, 0 to 1. */
const inkOf = async (png: Uint8Array, top: number, height: number) => {
  const { width } = await sharp(png).metadata()
  const part = sharp(png).extract({ left: 0, top, width, height }).greyscale().raw()
  const pixels = await part.toBuffer()
  return pixels.filter((level) => level < 128).length / pixels.length
}

describe("a picture of images in rows", () => {
  it("has each line of its title above them", async () => {
    const [one, two] = [
      await imageGrid(["a title"], [row], 1),
      await imageGrid(["a title", "mean 0.5000; standard deviation 0.2500"], [row], 1)
    ]
    const [{ height: lower }, { height: higher }] = [await sharp(one).metadata(), await sharp(two).metadata()]
    assert.strictEqual(higher - lower, 18)
    assert.strictEqual(await inkOf(one, 29, 5), 0)
    assert.isAbove(await inkOf(two, 29, 14), 0.02)
  })

  it("cuts a line that is longer than it is wide", async () => {
    const png = await imageGrid(["a title", "0.1234, ".repeat(200)], [row], 1)
    const { width } = await sharp(png).metadata()
    const margin = await sharp(png)
      .extract({ left: width - 12, top: 0, width: 12, height: 50 })
      .greyscale()
      .raw()
      .toBuffer()
    assert.isTrue(margin.every((level) => level > 200))
  })
})
