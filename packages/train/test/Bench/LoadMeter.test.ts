import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import {
  addUsage,
  exceeds,
  LoadMeter,
  type LoadReading,
  othersShare,
  readingOf,
  usageBetween
} from "@moco/train/Bench/LoadMeter"
import { Effect, FileSystem, Layer } from "effect"

/** The texts of `/proc` at two moments of a machine with two cores, one second apart: 200 ticks. */
const machineBefore = [
  "cpu  1000 100 300 5000 50 10 20 30 7 3",
  "cpu0 500 50 150 2500 25 5 10 15 4 2",
  "cpu1 500 50 150 2500 25 5 10 15 3 1",
  "intr 12345"
].join("\n")
// User 110, nice 5, system 20, idle 40, waiting 5, irq 2, softirq 3, stolen 15; guests are part of user.
const machineAfter = "cpu  1110 105 320 5040 55 12 23 45 57 3\ncpu0 1 2 3 4\n"

const ownText = (user: number, system: number) =>
  `4711 (moco (v1) S 9) R 1 4711 4711 0 -1 4194304 98 0 0 0 ${user} ${system} 77 88 20 0 1 0 4156194 3133440`

describe("LoadMeter", () => {
  it("reads the machine's time, and the process's own beside a name that holds anything", () => {
    assert.deepStrictEqual(readingOf(machineBefore, ownText(600, 40)), { total: 6510, busy: 1460, own: 640 })
  })

  it("counts what others did, stolen time included, guests once, and this process not", () => {
    const usage = usageBetween(
      readingOf(machineBefore, ownText(600, 40)),
      readingOf(machineAfter, ownText(690, 50))
    )
    // 155 ticks of 200 busy or stolen, 100 of them ours.
    assert.deepStrictEqual(usage, { total: 200, others: 55 })
    assert.closeTo(othersShare(usage)!, 0.275, 1e-12)
  })

  it("never gives a share below 0 or above 1, though the two files are counted apart", () => {
    const from: LoadReading = { total: 100, busy: 50, own: 50 }
    const share = (to: LoadReading) => othersShare(usageBetween(from, to))
    assert.strictEqual(share({ total: 110, busy: 55, own: 57 }), 0)
    assert.strictEqual(share({ total: 110, busy: 62, own: 50 }), 1)
    assert.strictEqual(share(from), 0)
  })

  it("finds a stretch spoiled from a threshold on, two ticks of rounding aside", () => {
    assert.isFalse(exceeds({ total: 200, others: 22 }, 0.1))
    assert.isTrue(exceeds({ total: 200, others: 23 }, 0.1))
    assert.isFalse(exceeds({ total: 4, others: 2 }, 0.1))
    assert.isFalse(exceeds(undefined, 0.1))
  })

  it("adds stretches, of which none may be unknown", () => {
    const usage = { total: 10, others: 1 }
    assert.deepStrictEqual(addUsage([usage, usage]), { total: 20, others: 2 })
    assert.isUndefined(addUsage([usage, undefined]))
    assert.isNull(othersShare(undefined))
  })

  it("finds nothing in texts that are of another kind", () => {
    assert.isUndefined(readingOf("", ownText(1, 2)))
    assert.isUndefined(readingOf("cpu  1 2 3", ownText(1, 2)))
    assert.isUndefined(readingOf(machineBefore, ""))
    assert.isUndefined(readingOf(machineBefore, "1 (a) R 1 2 3"))
  })

  it.effect("reads the files of the kernel", () =>
    Effect.gen(function* () {
      const texts: Record<string, string> = { "/proc/stat": machineBefore, "/proc/self/stat": ownText(1, 2) }
      const files = FileSystem.layerNoop({ readFileString: (path) => Effect.succeed(texts[path]!) })
      const { read } = yield* Effect.provide(LoadMeter, Layer.provide(LoadMeter.layer, files))
      assert.deepStrictEqual(yield* read, { total: 6510, busy: 1460, own: 3 })
    })
  )

  it.effect("tells nothing where there are no such files", () =>
    Effect.gen(function* () {
      const { read } = yield* Effect.provide(
        LoadMeter,
        Layer.provide(LoadMeter.layer, FileSystem.layerNoop({}))
      )
      assert.isUndefined(yield* read)
    })
  )

  it.live.runIf(process.platform === "linux")("counts this process's own time as its own", () =>
    Effect.gen(function* () {
      const { read } = yield* LoadMeter
      const before = yield* read
      const start = process.cpuUsage()
      const used = () => Object.values(process.cpuUsage(start)).reduce((sum, time) => sum + time, 0)
      while (used() < 200_000) Math.sqrt(2)
      const after = yield* read
      // 200 ms are 20 ticks.
      assert.isAtLeast(after!.own - before!.own, 18)
      assert.isAtLeast(after!.total - before!.total, 18)
    }).pipe(Effect.provide(Layer.provide(LoadMeter.layer, NodeServices.layer)))
  )
})
