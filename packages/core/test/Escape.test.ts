import { assert, describe, it } from "@effect/vitest"
import * as Escape from "@moco/core/Escape"
import { escapedConsole, helpConsole } from "@moco/core/EscapedConsole"
import { forbidden, hostile } from "@moco/core/testing"
import { Schema } from "effect"
import fc from "fast-check"
import { vi } from "vitest"

describe("Escape", () => {
  it("never leaves a terminal anything that it obeys, or that cannot be seen", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        assert.deepStrictEqual(forbidden(Escape.line(text)), [])
        assert.deepStrictEqual(forbidden(Escape.terminal(text).replaceAll(/[\n\t]/g, "")), [])
        const styled = Escape.styled(text, Escape.line)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are all that may be left
        assert.deepStrictEqual(forbidden(styled.replaceAll(/\u001b\[[\d;]*m/g, "")), [])
      })
    )
  })

  it("keeps text that can be seen, in any script, and the lines of a message", () => {
    const text = "accuracy 3/4 \u00e4\u00f6 \u65e5\u672c \u05e9\u05dc\u05d5\u05dd \ud83d\ude00 $`|<b>"
    assert.strictEqual(Escape.line(text), text)
    assert.strictEqual(Escape.terminal("one\n\ttwo"), "one\n\ttwo")
    assert.strictEqual(Escape.line("one\n\ttwo"), "one  two")
    assert.strictEqual(
      Escape.terminal("\u001b[2J\u202e\udb40\udc41\ud800"),
      String.raw`\u001b[2J\u202e\udb40\udc41\ud800`
    )
  })

  it("always leaves JSON what it was", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        assert.deepStrictEqual(JSON.parse(Escape.terminal(JSON.stringify({ [text]: text }))), {
          [text]: text
        })
      })
    )
  })

  it("names the first character that cannot be seen", () => {
    assert.strictEqual(Escape.hiddenIn("a\u0001b\u202e"), String.raw`\u0001`)
    assert.isUndefined(Escape.hiddenIn("memory bank"))
  })

  it("always keeps a Markdown table's number of cells, and writes no tag, link, image or code of a cell's", () => {
    fc.assert(
      fc.property(hostile, hostile, (a, b) => {
        const row = `| ${Escape.markdown(a)} | ${Escape.markdown(b)} |`
        assert.lengthOf(row.split("\n"), 1)
        const bare = row.replaceAll(/\\[!-/:-@[-`{-~]/g, "")
        assert.lengthOf(bare.split("|"), 4, row)
        assert.notMatch(bare, /[<>`*_[\]~&]|:\/\/|www\./i, row)
      })
    )
    assert.strictEqual(Escape.markdownBlock("# a"), "\\# a")
    assert.strictEqual(Escape.markdownBlock("1. a"), "1\\. a")
    assert.strictEqual(Escape.markdownBlock("- a - b"), "\\- a - b")
    assert.strictEqual(Escape.markdown("![x](http://y)"), "!\\[x\\](http:\\//y)")
  })

  it("always closes a Markdown code span where it says so", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const span = Escape.markdownCode(text)
        const [fence] = /^`+/.exec(span)!
        assert.isTrue(span.endsWith(fence))
        const runs: ReadonlyArray<string> = span.slice(fence.length, -fence.length).match(/`+/g) ?? []
        assert.notInclude(runs, fence)
      })
    )
    assert.strictEqual(Escape.markdownCode("a``b"), "```a``b```")
    assert.strictEqual(Escape.markdownCode("`"), "`` ` ``")
  })

  it("never lets text begin an element, an attribute or an entity", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const markup = Escape.markup(text)
        assert.notMatch(markup, /[<>"']|&(?!(amp|lt|gt|quot|#39);)/)
        assert.deepStrictEqual(forbidden(markup.replaceAll(/[\n\t]/g, "")), [])
      })
    )
  })

  it("never lets a spreadsheet compute a label, and leaves numbers numbers", () => {
    for (const formula of ["=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", "-2+3", "\t=1"]) {
      assert.match(Escape.csv(formula), /^"?'/, formula)
    }
    assert.strictEqual(Escape.csv(-0.5), "-0.5")
    assert.strictEqual(Escape.csv("-0.5"), "-0.5")
    assert.strictEqual(Escape.csv('a "b", c'), '"a ""b"", c"')
    assert.strictEqual(Escape.csv("a\nb"), "a b")
    assert.strictEqual(Escape.csv(undefined), "")
  })

  class Mine extends Schema.TaggedError<Mine>()("Mine", {
    path: Schema.String,
    problems: Schema.Array(Schema.Struct({ text: Schema.String })),
    hint: Schema.String,
    cause: Schema.Defect()
  }) {
    override get message() {
      const cause = this.cause instanceof Error ? this.cause.message.split("\n")[0] : ""
      return [`${this.path}: ${cause}`, ...this.problems.map(({ text }) => text), this.hint].join("\n")
    }
  }

  it("gives an error's message the lines that its class writes, and no field one of its own", () => {
    const error = new Mine({
      path: "a\nerror: b\u001b[2J",
      problems: [{ text: "c\r\nd" }],
      hint: "e\n  f",
      cause: new Error("g\u009b\nh")
    })
    const lines = [String.raw`a error: b\u001b[2J: g\u009b`, "c  d", "e", "  f"]
    assert.strictEqual(Escape.message(error), lines.join("\n"))
    assert.include(error.message, "\u001b")
  })
})

describe("the console", () => {
  it("never passes anything on that leads a terminal; of our own help, colours alone", () => {
    const said: Array<unknown> = []
    for (const method of ["log", "error", "warn", "info", "debug"] as const) {
      const spy = vi.spyOn(console, method).mockImplementation((...args) => void said.push(...args))
      escapedConsole[method]("\u001b[31mred\u001b]0;title\u0007\n\u202e")
      helpConsole[method]("\u001b[31mred\u001b]0;title\u0007")
      spy.mockRestore()
    }
    assert.deepStrictEqual(
      [...new Set(said)],
      [
        `${String.raw`\u001b[31mred\u001b]0;title\u0007`}\n${String.raw`\u202e`}`,
        `\u001b[31mred${String.raw`\u001b]0;title\u0007`}`
      ]
    )
  })
})
