import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { type DrawnRun, stepPoints } from "../../src/charts/runChart/curves.ts"
import { troublesOf } from "../../src/html/run/troubles.ts"
import { drawnRun, nothingYet, withLine } from "../../src/live/watch/runSoFar.ts"
import { stepMeans } from "../../src/live/watch/stepMeans.ts"
import { sampleConfig, sampleEvents, stepEvent } from "../html/sampleRun.ts"

const stepsOf = (count: number) =>
  Array.from({ length: count }, (_, i) => stepEvent(i)).flatMap((event) =>
    event.event === "step" ? [event] : []
  )

const drawn = (events: DrawnRun["events"]): DrawnRun => ({ name: "mine", config: sampleConfig(), events })

describe("the means of steps as they come", () => {
  it("are those of the report, at the same steps and with the newest one", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 590 }), (count) => {
        const means = stepMeans()
        const steps = stepsOf(count)
        for (const step of steps) means.take(step)
        for (const key of ["loss", "featureStd", "nobody"]) {
          assert.deepStrictEqual(means.points(key), stepPoints(drawn(steps), key))
        }
      }),
      { numRuns: 20 }
    )
  })

  it("are a part of all means where steps are many, evenly apart, and never more than twice what is asked for", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 5, max: 60 }), (count, most) => {
        const [few, all] = [stepMeans(most), stepMeans(count)]
        for (const step of stepsOf(count)) {
          few.take(step)
          all.take(step)
        }
        const byEpoch = new Map(all.points("loss").map(({ epoch, value }) => [epoch, value]))
        const points = few.points("loss")
        assert.isAtMost(points.length, 2 * most + 1)
        assert.isAtLeast(points.length, Math.min(count, most))
        for (const { epoch, value } of points) assert.strictEqual(value, byEpoch.get(epoch))
        assert.strictEqual(points.at(-1)?.epoch, all.points("loss").at(-1)?.epoch)
        const apart = points.slice(1, -1).map(({ epoch }, i) => epoch - points[i]!.epoch)
        assert.isBelow(Math.max(0, ...apart) - Math.min(...apart, Math.max(0, ...apart)), 1e-9)
      }),
      { numRuns: 20 }
    )
  })
})

describe("what a log has told so far", () => {
  const lineOf = (event: object) => JSON.stringify({ format: 2, time: "2026-01-01T00:00:00.000Z", ...event })

  const told = (events: ReadonlyArray<object>) => events.map(lineOf).reduce(withLine, nothingYet())

  it("has the troubles of the whole log", () => {
    const lost = { ...stepEvent(30), metrics: { loss: "NaN" } }
    const back = { event: "rolledBack", step: 20, failedStep: 25, reason: "loss is NaN", rateFactor: 0.5 }
    const still = {
      event: "standstill",
      step: 40,
      epoch: 0,
      metric: "gradientNorm",
      value: 0,
      message: "no slope"
    }
    const narrow = Array.from({ length: 30 }, (_, i) => ({
      ...stepEvent(40 + i),
      metrics: { featureStd: 1e-4 }
    }))
    const events = [...stepsOf(30), back, lost, still, ...narrow]
    const run = told(events)
    const troubles = troublesOf(drawnRun("mine", sampleConfig(), run))
    assert.deepStrictEqual(
      troubles.map(({ kind }) => kind),
      ["diverged", "collapsed", "standstill", "unfinished"]
    )
    const whole = drawn([
      ...stepsOf(30),
      back,
      { ...lost, metrics: { loss: Number.NaN } },
      still,
      ...narrow
    ] as never)
    assert.deepStrictEqual(troubles.slice(0, 3), troublesOf(whole).slice(0, 3))
  })

  it("does not grow with steps", () => {
    const [short, long] = [100, 5000].map((count) => drawnRun("mine", sampleConfig(), told(stepsOf(count))))
    assert.strictEqual(short!.events.length, 21)
    assert.strictEqual(long!.events.length, 21)
  })

  it("counts a step that is both first and newest once, and keeps the order", () => {
    const { events } = drawnRun("mine", sampleConfig(), told(stepsOf(5)))
    assert.deepStrictEqual(
      events.map((event) => "step" in event && event.step),
      [0, 1, 2, 3, 4]
    )
  })

  it("says what is no event, and goes on", () => {
    const run = ["{", ...sampleEvents().slice(0, 3).map(lineOf)].reduce(withLine, nothingYet())
    assert.lengthOf(run.problems, 1)
    assert.strictEqual(run.status?.done, 3)
    assert.strictEqual(run.heardAt, Date.parse("2026-01-01T00:00:00.000Z"))
  })
})
