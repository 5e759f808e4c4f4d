import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { baseSettings, type Case, programNames, type Row } from "../peer/Case.ts"
import { type Block, type Measured, measureCase, type Plan, stepsFor } from "../peer/measure.ts"
import { BlockFailed } from "../peer/PeerError.ts"

const aCase: Case = { name: "small", settings: baseSettings }
const plan: Plan = { programs: ["ours", "nchw"], rounds: 2, steps: 4, warmUp: 1 }

const measured = (worst: number | null = 0, stepMs = 100): Measured => ({
  value: { imagesPerSecond: 640, stepMs: { median: stepMs, min: 90, max: 110 }, peakRssMiB: 500 },
  load: { before: 0, during: 0, worst, after: 0 }
})

interface Call {
  readonly row: string
  readonly steps: number
  readonly warmUp: number
}

/** Runs a case on a block of the test's own; gives what was started and what was told. */
const runCase = (
  change: Partial<Plan>,
  block: (row: Row, nth: number) => Measured | string = () => measured()
) =>
  Effect.gen(function* () {
    const calls: Array<Call> = []
    const blocks: Array<Block> = []
    yield* measureCase(
      aCase,
      { ...plan, ...change },
      (row, work) =>
        Effect.suspend(() => {
          const result = block(row, calls.filter((call) => call.row === row.name).length)
          calls.push({ row: row.name, ...work })
          return typeof result === "string"
            ? Effect.fail(new BlockFailed({ reason: result }))
            : Effect.succeed(result)
        }),
      (block) => Effect.sync(() => blocks.push(block))
    )
    const told = blocks.map(({ outcome, round, row, try: tries }) => {
      const how = outcome.kind === "failed" ? outcome.reason : outcome.isSpoiled ? "spoiled" : "clean"
      return `${round}.${tries} ${row} ${how}`
    })
    return { calls, told }
  })

describe("measureCase", () => {
  it.effect("starts the rows in turn, round by round, with the same warm-up", () =>
    Effect.gen(function* () {
      const { calls, told } = yield* runCase({})
      const work = { steps: 4, warmUp: 1 }
      const turn = [
        { row: "ours", ...work },
        { row: "nchw", ...work }
      ]
      assert.deepStrictEqual(calls, [...turn, ...turn])
      assert.deepStrictEqual(told, ["1.1 ours clean", "1.1 nchw clean", "2.1 ours clean", "2.1 nchw clean"])
    })
  )

  it.effect("measures a spoiled block again, until it is undisturbed", () =>
    Effect.gen(function* () {
      const { told } = yield* runCase({ rounds: 1 }, (row, nth) =>
        measured(row.name === "ours" && nth < 1 ? 0.11 : 0.1)
      )
      assert.deepStrictEqual(told, ["1.1 ours spoiled", "1.2 ours clean", "1.1 nchw clean"])
    })
  )

  it.effect("measures it twice again at most, and goes on", () =>
    Effect.gen(function* () {
      const { told } = yield* runCase({ programs: ["ours"] }, (_row, nth) => measured(nth < 3 ? 0.5 : 0))
      assert.deepStrictEqual(told, [
        "1.1 ours spoiled",
        "1.2 ours spoiled",
        "1.3 ours spoiled",
        "2.1 ours clean"
      ])
    })
  )

  it.effect("takes a block for undisturbed where the system does not tell", () =>
    Effect.gen(function* () {
      const { told } = yield* runCase({ rounds: 1, programs: ["ours"] }, () => measured(null))
      assert.deepStrictEqual(told, ["1.1 ours clean"])
    })
  )

  it.effect("tells of a row that fails, does not start it again, and goes on with the others", () =>
    Effect.gen(function* () {
      const { told } = yield* runCase({}, (row) => (row.name === "nchw" ? "no compiler" : measured()))
      assert.deepStrictEqual(told, ["1.1 ours clean", "1.1 nchw no compiler", "2.1 ours clean"])
    })
  )

  it.effect("keeps what a row has given before it failed", () =>
    Effect.gen(function* () {
      const { told } = yield* runCase({ programs: ["ours"] }, (_row, nth) =>
        nth === 0 ? measured(0.3) : "killed"
      )
      assert.deepStrictEqual(told, ["1.1 ours spoiled", "1.2 ours killed"])
    })
  )

  it.effect("tries a step first, and takes as many as fill a block; what is compiled takes as many", () =>
    Effect.gen(function* () {
      const stepMs = { ours: 1000, nchw: 440, "channels-last": 22_000 } as Record<string, number>
      const { calls } = yield* runCase({ programs: programNames, rounds: 1, steps: undefined }, (row) =>
        measured(0, stepMs[row.name] ?? 1)
      )
      assert.deepStrictEqual(calls, [
        ...["ours", "nchw", "channels-last"].map((row) => ({ row, steps: 3, warmUp: 2 })),
        { row: "ours", steps: 22, warmUp: 1 },
        { row: "nchw", steps: 50, warmUp: 1 },
        { row: "channels-last", steps: 5, warmUp: 1 },
        { row: "nchw-compile", steps: 50, warmUp: 1 },
        { row: "channels-last-compile", steps: 5, warmUp: 1 }
      ])
    })
  )

  it.effect("tells of a row that fails in its trial", () =>
    Effect.gen(function* () {
      const { calls, told } = yield* runCase({ rounds: 1, steps: undefined }, (row) =>
        row.name === "ours" ? "no library" : measured()
      )
      assert.deepStrictEqual(told, ["0.1 ours no library", "1.1 nchw clean"])
      assert.lengthOf(
        calls.filter(({ row }) => row === "ours"),
        1
      )
    })
  )

  it("never takes fewer than five steps, nor thousands", () => {
    assert.strictEqual(stepsFor(60_000), 5)
    assert.strictEqual(stepsFor(0.01), 2000)
  })
})
