import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Terminal } from "effect"
import { TerminalCapabilities } from "effect/cli"
import * as LiveLine from "../src/live/LiveLine.ts"

/** What a terminal of `columns` columns is told by `use`; 0 columns are not known, and no terminal animates nothing. */
const shownBy = <E>(
  columns: number | "no terminal",
  use: (line: Effect.Success<typeof LiveLine.make>) => Effect.Effect<void, E>
) =>
  Effect.gen(function* () {
    let shown = ""
    const animates = columns !== "no terminal"
    const terminal = Terminal.make({
      columns: Effect.succeed(columns === "no terminal" ? 0 : columns),
      rows: Effect.succeed(24),
      size: Effect.die("not asked for"),
      readInput: Effect.die("not asked for"),
      readLine: Effect.die("not asked for"),
      display: (text) =>
        Effect.sync(() => {
          shown += text
        })
    })
    const capabilities = { canColor: animates, canAnimate: animates, canPrompt: animates }
    yield* Effect.flatMap(LiveLine.make, use).pipe(
      Effect.scoped,
      Effect.provide(
        Layer.merge(
          Layer.succeed(Terminal.Terminal, terminal),
          Layer.succeed(TerminalCapabilities.TerminalCapabilities, capabilities)
        )
      )
    )
    return shown.replaceAll("\r\u001b[2K", "<clear>")
  })

const bar = (columns: number | undefined) => `bar of ${columns ?? "all"}`

describe("LiveLine", () => {
  it.effect("draws over itself, one column short of the terminal, and ends its line with the Scope", () =>
    Effect.gen(function* () {
      const shown = yield* shownBy(100, ({ draw }) => Effect.andThen(draw(bar), draw(bar)))
      assert.strictEqual(shown, "<clear>bar of 99<clear>bar of 99\n")
    })
  )

  it.effect("lets lines stay above the bar, and leaves none half-drawn", () =>
    Effect.gen(function* () {
      const shown = yield* shownBy(100, ({ draw, print }) =>
        Effect.gen(function* () {
          yield* print("first")
          yield* draw(bar)
          yield* print("second")
          yield* draw(bar)
        })
      )
      assert.strictEqual(shown, "first\n<clear>bar of 99<clear>second\n<clear>bar of 99\n")
    })
  )

  it.effect("writes whole lines where there is no terminal", () =>
    Effect.gen(function* () {
      const shown = yield* shownBy("no terminal", ({ draw, print }) =>
        Effect.andThen(draw(bar), Effect.andThen(print("line"), draw(bar)))
      )
      assert.strictEqual(shown, "bar of all\nline\nbar of all\n")
    })
  )

  it.effect("takes 80 columns where the width is not known", () =>
    Effect.gen(function* () {
      assert.include(yield* shownBy(0, ({ draw }) => draw(bar)), "bar of 79")
    })
  )
})
