import { assert, describe, it } from "@effect/vitest"
import type { RunEvent } from "@moco/train/RunLog"
import { parseHTML } from "linkedom"
import { troublesOf } from "../../src/html/run/troubles.ts"
import { pageOf } from "./pageOf.ts"
import { measurementsOf, sampleConfig, sampleEvents, stepEvent } from "./sampleRun.ts"

describe("a run that went wrong", () => {
  const learned = sampleEvents()
  const runWith = (events: ReadonlyArray<RunEvent>) => ({ name: "run", config: sampleConfig(), events })
  const kinds = (events: ReadonlyArray<RunEvent>, failure?: string) =>
    troublesOf(runWith(events), failure).map(({ kind }) => kind)
  const end = learned.at(-1)!

  it("is shown as one at the top, with the reason; one that learned has nothing to say there", async () => {
    assert.deepStrictEqual(kinds(learned), [])
    const events = [
      ...Array.from({ length: 40 }, (_, i) => stepEvent(i, { loss: 6.9, featureStd: 0.004 })),
      end
    ]
    const html = await pageOf({ events, isInspected: false })
    const banner = parseHTML(html).document.querySelector("header .banner")!.textContent
    assert.include(banner, "This run collapsed")
    // 1 / sqrt(128)
    assert.include(banner, "0.0040, and 1/sqrt(D) = 0.088 would be even")
  })

  it("has collapsed by its spread, far under 1/sqrt(D), or by similarities that are all 1", () => {
    const spread = (featureStd: number) => [stepEvent(0, { featureStd }), end]
    assert.deepStrictEqual(kinds(spread(0.0087)), ["collapsed"])
    assert.deepStrictEqual(kinds(spread(0.0089)), [])
    const alike = (negative: number): ReadonlyArray<RunEvent> => [
      stepEvent(0),
      {
        event: "evaluation",
        step: 1,
        epoch: 1,
        measurements: measurementsOf("trained encoder", 0.1, 0).map((found) =>
          found.metric.startsWith("positive")
            ? { ...found, value: 0.999 }
            : found.metric.startsWith("negative")
              ? { ...found, value: negative }
              : found
        ),
        seconds: 1
      },
      end
    ]
    assert.deepStrictEqual(kinds(alike(0.995)), ["collapsed"])
    assert.deepStrictEqual(kinds(alike(0.2)), [])
  })

  it("has diverged where it went back, or where its loss is not finite", () => {
    const rolledBack: RunEvent = {
      event: "rolledBack",
      step: 0,
      failedStep: 5,
      reason: "loss is NaN",
      rateFactor: 0.5
    }
    assert.deepStrictEqual(kinds([stepEvent(0), rolledBack, end]), ["diverged"])
    assert.deepStrictEqual(kinds([stepEvent(0, { loss: Number.NaN }), end]), ["diverged"])
    const diverged = { event: "diverged", step: 1, epoch: 0, reason: "the loss is NaN" } as const
    assert.deepStrictEqual(kinds([stepEvent(0), diverged]), ["diverged"])
    const [trouble] = troublesOf(runWith([stepEvent(0), rolledBack, end]))
    assert.include(trouble!.reasons[0], "step 6 gave a number that is not finite (loss is NaN)")
  })

  it("stood still, was stopped, failed, or has no end", () => {
    const still: RunEvent = {
      event: "standstill",
      step: 3,
      epoch: 0,
      metric: "gradientNorm",
      value: 0,
      message: "the gradient is 0"
    }
    assert.deepStrictEqual(kinds([stepEvent(0), still, end]), ["standstill"])
    assert.deepStrictEqual(kinds([stepEvent(0)]), ["unfinished"])
    const stopped = { ...end, outcome: "interrupted" } as RunEvent
    assert.deepStrictEqual(kinds([stepEvent(0), stopped]), ["unfinished"])
    const [trouble] = troublesOf(runWith([stepEvent(0)]), "the loss is NaN")
    assert.strictEqual(trouble!.kind, "diverged")
    assert.deepStrictEqual(trouble!.reasons, ["the loss is NaN"])
  })
})
