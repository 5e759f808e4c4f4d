import { createRequire } from "node:module"
import { assert, describe, it } from "@effect/vitest"
import { Resvg } from "@resvg/resvg-js"
import fc from "fast-check"
import { textWidth, wrap } from "../../src/charts/text.ts"

const fontFile = createRequire(import.meta.url).resolve("dejavu-fonts-ttf/ttf/DejaVuSans.ttf")

describe("text", () => {
  it.each(["queue", "memory bank", "K = 1,024", "untrained encoder", "MOMENTUM", "0.9999", "end-to-end"])(
    "is never taken for narrower than it is: %s",
    (text) => {
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="2000" height="200"><text y="150" font-family="DejaVu Sans" font-size="100">${text}</text></svg>`
      const width = new Resvg(svg, { font: { loadSystemFonts: false, fontFiles: [fontFile] } }).getBBox()!
        .width
      assert.isAtLeast(textWidth(text, 100), 0.98 * width)
      assert.isAtMost(textWidth(text, 100), 1.2 * width)
    }
  )

  it("always breaks into lines that fit, unless a single word does not", () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-zK0-9]{1,9}$/), { minLength: 1 }), (words) => {
        const lines = wrap(words.join(" "), 80).split("\n")
        assert.deepStrictEqual(lines.join(" "), words.join(" "))
        for (const line of lines) assert.isTrue(textWidth(line) <= 80 || !line.includes(" "), line)
      })
    )
  })
})
