import { assert, describe, it } from "@effect/vitest"
import * as Colour from "@moco/data/Augmentation/colour"
import fc from "fast-check"
import { assertClose } from "../assertClose.ts"

/** Some pixels in colour. */
const anyPixels = fc
  .array(fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255)), { minLength: 1, maxLength: 6 })
  .map((pixels) => Float32Array.from(pixels.flat(), (value) => value / 255))
const anyFactor = fc.double({ min: 0, max: 3, noNaN: true })
const anyTurn = fc.double({ min: -0.5, max: 0.5, noNaN: true })
const anyThreshold = fc.double({ min: 0, max: 1, noNaN: true })

/** Float32 of a value up to 3. */
const tolerance = 5e-7
/** Hues are quotients of differences of float32 values, which are of bytes: at least 1 / 255 where they are not 0. */
const hueTolerance = 5e-6

const pixel = (red: number, green: number, blue: number) => Float32Array.of(red, green, blue)
const grayOf = (red: number, green: number, blue: number) => 0.299 * red + 0.587 * green + 0.114 * blue

describe("colours on the host", () => {
  it("are by hand what torchvision's functions give", () => {
    const orange = pixel(1, 0.5, 0)
    assertClose(Colour.brightness(orange, 1.5), [1, 0.75, 0], tolerance)
    // Its gray is 0.299 + 0.2935 = 0.5925.
    assertClose(Colour.grayscale(orange), [0.5925, 0.5925, 0.5925], tolerance)
    assertClose(Colour.saturation(orange, 0.5), [0.79625, 0.54625, 0.29625], tolerance)
    assertClose(Colour.saturation(orange, 2), [1, 0.4075, 0], tolerance)
    // Beside black the mean gray is 0.29625.
    const beside = Float32Array.of(1, 0.5, 0, 0, 0, 0)
    assertClose(
      Colour.contrast(beside, 3, 0.5),
      [0.648125, 0.398125, 0.148125, 0.148125, 0.148125, 0.148125],
      tolerance
    )
    assertClose(Colour.solarize(orange, 0.5), [0, 0.5, 0], 0)
    assertClose(Colour.solarize(orange, 0.6), [0, 0.5, 0], 0)
    // A twelfth of the circle takes orange, at 30 degrees, to yellow, at 60; red is at 0 and a third on it is green.
    assertClose(Colour.hue(orange, 1 / 12), [1, 1, 0], tolerance)
    assertClose(Colour.hue(orange, -1 / 12), [1, 0, 0], tolerance)
    assertClose(Colour.hue(pixel(0.8, 0.2, 0.2), 1 / 3), [0.2, 0.8, 0.2], tolerance)
    assertClose(Colour.hue(pixel(0.8, 0.2, 0.2), -1 / 3), [0.2, 0.2, 0.8], tolerance)
    // A dark, dull violet: 270 degrees. Half the circle on, its least channel is its greatest.
    assertClose(Colour.hue(pixel(0.3, 0.2, 0.4), 0.5), [0.3, 0.4, 0.2], tolerance)
  })

  it("change gray images by their one channel, and others channel by channel", () => {
    assertClose(Colour.contrast(Float32Array.of(0.2, 0.6), 1, 0.5), [0.3, 0.5], tolerance)
    assertClose(Colour.contrast(Float32Array.of(0.2, 0.5, 0.6, 0.1), 2, 0), [0.4, 0.3, 0.4, 0.3], tolerance)
  })

  it("always give back what they were given where they change nothing", () => {
    fc.assert(
      fc.property(anyPixels, (values) => {
        const unchanged = [
          Colour.brightness(values, 1),
          Colour.contrast(values, 3, 1),
          Colour.saturation(values, 1),
          Colour.hue(values, 0)
        ]
        for (const result of unchanged) assert.strictEqual(result, values)
        assertClose(Colour.hue(values, 1), [...values], hueTolerance)
      })
    )
  })

  it("always stay in 0..1, give as many values, and leave what they were given as it is", () => {
    fc.assert(
      fc.property(anyPixels, anyFactor, anyTurn, anyThreshold, (values, factor, turn, threshold) => {
        const before = [...values]
        const changed = [
          Colour.brightness(values, factor),
          Colour.contrast(values, 3, factor),
          Colour.saturation(values, factor),
          Colour.hue(values, turn),
          Colour.grayscale(values),
          Colour.solarize(values, threshold)
        ]
        for (const result of changed) {
          assert.strictEqual(result.length, values.length)
          assert.isTrue(result.every((value) => value >= -tolerance && value <= 1 + tolerance))
        }
        assert.deepStrictEqual([...values], before)
      })
    )
  })

  it("always make gray of equal channels, by the weights of ITU-R 601, which no hue or saturation changes", () => {
    fc.assert(
      fc.property(anyPixels, anyFactor, anyTurn, (values, factor, turn) => {
        const gray = Colour.grayscale(values)
        for (let at = 0; at < gray.length; at += 3) {
          const [red, green, blue] = values.subarray(at, at + 3)
          const expected = grayOf(red!, green!, blue!)
          assertClose(gray.subarray(at, at + 3), [expected, expected, expected], tolerance)
          assert.strictEqual(new Set(gray.subarray(at, at + 3)).size, 1)
        }
        assertClose(Colour.hue(gray, turn), [...gray], 0)
        assertClose(Colour.saturation(gray, factor), [...gray], tolerance)
        assertClose(Colour.saturation(values, 0), [...gray], tolerance)
        assertClose(Colour.grayscale(gray), [...gray], tolerance)
      })
    )
  })

  it("always turn hues in a circle: there and back, two turns as their sum, and whole ones not at all", () => {
    fc.assert(
      fc.property(anyPixels, anyTurn, anyTurn, (values, first, second) => {
        const once = Colour.hue(values, first)
        assertClose(Colour.hue(values, first + 1), [...once], hueTolerance)
        assertClose(
          Colour.hue(Colour.hue(values, second), first),
          [...Colour.hue(values, first + second)],
          1e-3
        )
        for (let at = 0; at < values.length; at += 3) {
          const [before, after] = [values.subarray(at, at + 3), once.subarray(at, at + 3)]
          // Value and chroma stay.
          assert.closeTo(Math.max(...after), Math.max(...before), tolerance)
          assert.closeTo(Math.min(...after), Math.min(...before), tolerance)
        }
      })
    )
  })

  it("always solarise twice to what was, where the middle is the threshold", () => {
    fc.assert(
      fc.property(anyPixels, (values) => {
        const once = Colour.solarize(values, 0)
        assertClose(Colour.solarize(once, 0), [...values], tolerance)
        assertClose(
          once,
          Array.from(values, (value) => 1 - value),
          tolerance
        )
        const dark = Colour.solarize(values, 0.5)
        assert.isTrue(dark.every((value) => value <= 0.5))
      })
    )
  })
})
