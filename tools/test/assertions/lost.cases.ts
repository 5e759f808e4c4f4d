import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import fc from "fast-check"

const wrong = Effect.sync(() => assert.strictEqual<number>(1, 2))

it.effect("lost: an exit that is dropped", () => Effect.exit(wrong))

it.effect("lost: an effect that is ignored", () => Effect.ignoreCause(wrong))

it.effect("lost: a fiber that nobody joins", () =>
  Effect.gen(function* () {
    yield* Effect.forkChild(wrong)
    yield* Effect.yieldNow
    yield* Effect.yieldNow
  })
)

it("lost: a failure that is caught", () => {
  try {
    assert.isTrue(false)
  } catch {}
})

it("nothing: an effect that nobody runs", () => {
  void wrong
})

it("nothing: a loop over nothing", () => {
  for (const value of [] as Array<number>) assert.strictEqual(value, 1)
})

it("nothing: a callback that is never called", () => {
  const on = (_: () => void) => {}
  on(() => assert.isTrue(true))
})

it("case: a property that looks at nothing", () => {
  fc.assert(fc.property(fc.nat(), () => {}))
  assert.isTrue(true)
})

it("case: an asynchronous one", async () => {
  await fc.assert(fc.asyncProperty(fc.nat(), async () => {}))
  assert.isTrue(true)
})

it("case: a property that looks at nothing in some cases", () => {
  fc.assert(
    fc.property(fc.nat(9), (value) => {
      if (value > 4) assert.isAbove(value, 4)
    })
  )
})

it("passes: an assertion", () => {
  assert.isTrue(true)
})

it("passes: an assertion that is expected to fail", () => {
  assert.throws(() => assert.isTrue(false))
})

it("passes: a property without the cases that say nothing", () => {
  fc.assert(
    fc.property(fc.nat(9), (value) => {
      fc.pre(value > 4)
      assert.isAbove(value, 4)
    })
  )
})
