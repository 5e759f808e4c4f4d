import { assert, describe, it } from "@effect/vitest"
import { forbidden, hostile } from "@moco/core/testing"
import fc from "fast-check"
import { parseHTML } from "linkedom"
import { markup, ours, path, stamps } from "../../src/markup.ts"

describe("markup", () => {
  it("shows any text as itself and lets none of it act, in an element and in an attribute", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const { text: html } = markup`<p title="${text}">${text}</p>`
        assert.deepStrictEqual(forbidden(html.replaceAll(/[\n\t]/g, "")), [])
        const { document } = parseHTML(`<html><body>${html}</body></html>`)
        assert.deepStrictEqual(
          [...document.body.querySelectorAll("*")].map((element) => element.tagName),
          ["P"]
        )
        assert.deepStrictEqual(
          [...document.querySelector("p")!.attributes].map(({ name }: { name: string }) => name),
          ["title"]
        )
      })
    )
  })

  it("takes markup within markup as it is, and leaves out what is missing", () => {
    const item = (name: string) => markup`<li>${name}</li>`
    assert.strictEqual(
      markup`<ul>${["a<b", "c"].map(item)}${undefined}</ul>${ours("<hr>")}`.text,
      "<ul><li>a&lt;b</li><li>c</li></ul><hr>"
    )
  })

  it("writes coordinates to a hundredth, and one that is no number as 0", () => {
    assert.strictEqual(markup`${1 / 3} ${2} ${Number.NaN} ${-0.001}`.text, "0.33 2 0 0")
    assert.strictEqual(
      path([
        [0, 1],
        [2.26, Number.NaN]
      ]).text,
      "M0 1L2.3 0"
    )
    assert.strictEqual(stamps([[1, 2]], "dot").text, "M1 2h0")
  })
})
