import { assert, describe, it } from "@effect/vitest"
import { forbidden } from "@moco/core/testing"
import { parseHTML } from "linkedom"
import { studyPage } from "../../src/html/study/studyPage.ts"
import { sampleStudy } from "./sampleStudy.ts"

const documentOf = (name?: string) => {
  const html = studyPage(sampleStudy(name))
  return { html, document: parseHTML(html).document }
}

describe("the report of a study", () => {
  it("has its cells, claims, charts, paired differences and failed runs", () => {
    const { document } = documentOf()
    assert.deepStrictEqual(
      [...document.querySelectorAll("section")].map(({ id }) => id),
      ["results", "claims", "charts", "paired", "failed", "protocols", "made"]
    )
    assert.strictEqual(document.querySelectorAll(".paper > svg").length, 2)
    const text = document.body.textContent
    for (const words of [
      "more keys are better (queue): these runs support it",
      "+2.00 points, 95 % interval +1.80 to +2.20, n = 5",
      "54.7",
      "the loss is not finite",
      "raw pixels 76.0 %",
      "a protocol of queue",
      "All runs have measured each of them so."
    ]) {
      assert.include(text, words)
    }
  })

  it("shows hostile names and lets none of them act", () => {
    const bad = `"><script>alert(1)</script><img src=x onerror='alert(2)'>\u001b[2J\u202e&amp;`
    const { document, html } = documentOf(bad)
    assert.strictEqual(document.querySelectorAll("script,img,[onerror],[onload]").length, 0)
    assert.notMatch(html, /<script|<img/)
    assert.deepStrictEqual(forbidden(html.replaceAll(/[\n\t]/g, "")), [])
    assert.include(document.body.textContent, "<script>alert(1)</script>")
  })
})
