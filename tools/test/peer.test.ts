import { homedir } from "node:os"
import { assert, describe, it } from "@effect/vitest"
import { cacheDirOf } from "@moco/native/cacheDir"
import { Effect, Option } from "effect"
import type { Case, Program } from "../peer/Case.ts"
import { baseSettings, defaultCases, rowsOf, turnsOf } from "../peer/Case.ts"
import { commandOf, environmentOf } from "../peer/commands.ts"
import { casesOf, outOf, programsOf } from "../peer/flags.ts"
import {
  foreignShare,
  machineTicks,
  processTicks,
  type Sample,
  treeTicks,
  worstShare
} from "../peer/procStat.ts"

const aCase: Case = { name: "small", settings: baseSettings }
const growing: Case = { name: "growth", settings: baseSettings, grownQueueSize: 65_536 }

describe("the blocks of a case", () => {
  it("alternate: every row once in a round", () => {
    const turns = turnsOf(rowsOf(aCase, ["ours", "nchw", "channels-last"]), 2)
    assert.deepStrictEqual(
      turns.map(({ round, row }) => `${round} ${row.name}`),
      ["1 ours", "1 nchw", "1 channels-last", "2 ours", "2 nchw", "2 channels-last"]
    )
  })

  it("are of both sizes of the queue where growth is measured, and of nothing compiled", () => {
    const rows = rowsOf(growing, ["ours", "nchw", "nchw-compile"])
    assert.deepStrictEqual(
      rows.map(({ name, settings }) => [name, settings.queueSize]),
      [
        ["ours K=4096", 4096],
        ["ours K=65536", 65_536],
        ["nchw K=4096", 4096],
        ["nchw K=65536", 65_536]
      ]
    )
  })
})

describe("a block's command", () => {
  const places = {
    node: "/node",
    main: "/main.ts",
    python: "/python",
    script: "/moco_step.py",
    cacheDir: "/cache"
  }
  const work = { steps: 7, warmUp: 2, threads: 5, augment: true }
  const commandFor = (program: Program) =>
    commandOf(places, rowsOf({ ...aCase, settings: { ...baseSettings, bnGroups: 8 } }, [program])[0]!, work)
  const sizes = [
    ...["--encoder=resnet18", "--image-size=32", "--channels=3", "--batch-size=64", "--queue-size=4096"],
    ...["--bn-groups=8", "--augment=on", "--steps=7", "--warm-up=2", "--threads=5"]
  ]

  it("has the same sizes on both sides", () => {
    // What is disturbed is measured again by the comparison, for both sides alike.
    const ours = { program: "/node", args: ["/main.ts", "bench", ...sizes, "--tries=1"] }
    assert.deepStrictEqual(commandFor("ours"), ours)
    const peer = { program: "/python", args: ["/moco_step.py", ...sizes, "--format=channels-last"] }
    assert.deepStrictEqual(commandFor("channels-last"), peer)
  })

  it("says which layout, and whether it is compiled", () => {
    assert.deepStrictEqual(commandFor("nchw").args.slice(-1), ["--format=nchw"])
    assert.deepStrictEqual(commandFor("nchw-compile").args.slice(-2), ["--format=nchw", "--compile"])
  })

  it("finds the same memory settings and threads in its environment, and what the user has set", () => {
    const environment = environmentOf("linux", { MALLOC_TOP_PAD_: "7" }, 3, "/cache")
    assert.strictEqual(environment["MALLOC_MMAP_MAX_"], "0")
    assert.notProperty(environment, "MALLOC_TOP_PAD_")
    for (const name of [
      "OMP_NUM_THREADS",
      "MKL_NUM_THREADS",
      "OPENBLAS_NUM_THREADS",
      "TF_NUM_INTRAOP_THREADS"
    ]) {
      assert.strictEqual(environment[name], "3")
    }
    assert.strictEqual(environment["TORCHINDUCTOR_CACHE_DIR"], "/cache/torchinductor")
    assert.notProperty(environmentOf("darwin", {}, 3, "/cache"), "MALLOC_MMAP_MAX_")
  })
})

describe("the flags", () => {
  const none = {
    only: Option.none<string>(),
    encoder: Option.none<"resnet20">(),
    imageSize: Option.none<number>(),
    channels: Option.none<number>(),
    batchSize: Option.none<number>(),
    queueSize: Option.none<number>(),
    bnGroups: Option.none<number>()
  }

  it.effect("give the five cases where nothing is asked for, and those that are named", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* casesOf(none), defaultCases)
      const named = yield* casesOf({ ...none, only: Option.some("growth,resnet18-b64") })
      assert.deepStrictEqual(
        named.map(({ name }) => name),
        ["resnet18-b64", "growth"]
      )
    })
  )

  it.effect("give a case of one's own", () =>
    Effect.gen(function* () {
      const own = yield* casesOf({ ...none, encoder: Option.some("resnet20"), batchSize: Option.some(32) })
      const settings = { ...baseSettings, encoder: "resnet20", batchSize: 32 }
      assert.deepStrictEqual(own, [{ name: "own", settings }])
    })
  )

  it.effect("leave out what is compiled, and what is not named", () =>
    Effect.gen(function* () {
      const all = { compile: true, rows: Option.none<string>() }
      assert.lengthOf(yield* programsOf(all), 5)
      assert.deepStrictEqual(yield* programsOf({ ...all, compile: false }), ["ours", "nchw", "channels-last"])
      const some = { ...all, rows: Option.some("nchw-compile,ours") }
      assert.deepStrictEqual(yield* programsOf(some), ["ours", "nchw-compile"])
    })
  )

  const refusals = [
    ["an unknown case", casesOf({ ...none, only: Option.some("resnet19") }), ["resnet19", "resnet18-b64"]],
    ["an unknown row", programsOf({ compile: true, rows: Option.some("nhwc") }), ["nhwc", "channels-last"]],
    [
      "a named case with sizes",
      casesOf({ ...none, only: Option.some("growth"), channels: Option.some(1) }),
      ["--only", "leave out"]
    ],
    [
      "groups that do not divide the batch",
      casesOf({ ...none, batchSize: Option.some(9), bnGroups: Option.some(2) }),
      ["--bn-groups=2", "--batch-size=9"]
    ],
    ["a page as the file for the results", outOf({ out: Option.some("peer.md") }), ["peer.md", "JSON"]]
  ] as const
  for (const [title, effect, words] of refusals) {
    it.effect(`refuse ${title}`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(effect as Effect.Effect<unknown, { readonly message: string }>)
        for (const word of words) assert.include(error.message, word)
      })
    )
  }

  it("find the cache where libtensorflow is", () => {
    assert.strictEqual(cacheDirOf("linux", { MOCO_CACHE_DIR: "/a", XDG_CACHE_HOME: "/b" }), "/a")
    assert.strictEqual(cacheDirOf("linux", { XDG_CACHE_HOME: "/b" }), "/b/moco-effect")
    assert.strictEqual(cacheDirOf("linux", { XDG_CACHE_HOME: "b" }), `${homedir()}/.cache/moco-effect`)
    assert.strictEqual(cacheDirOf("darwin", {}), `${homedir()}/Library/Caches/moco-effect`)
  })
})

describe("the load of others", () => {
  it("counts stolen time as busy, and waiting for the disk as idle", () => {
    const text = "cpu  100 20 30 1000 50 6 7 8 999 999\ncpu0 1 1 1 1 1 1 1 1 0 0\n"
    assert.deepStrictEqual(machineTicks(text), { total: 1221, busy: 171 })
    assert.isUndefined(machineTicks("cpu  1 2 3\n"))
    assert.isUndefined(machineTicks(""))
  })

  it("reads a process whose name holds spaces and parentheses", () => {
    const text = "12 (a) b (c)) S 7 12 12 0 -1 4194304 1 2 3 4 50 6 700 80 20 0 1 0 99 1 1"
    assert.deepStrictEqual(processTicks(text), { pid: 12, parent: 7, ticks: 836 })
    assert.isUndefined(processTicks("12 (a"))
    assert.isUndefined(processTicks(""))
  })

  it("is not what the comparison's own processes did, however deep", () => {
    const processes = [
      { pid: 1, parent: 0, ticks: 1000 },
      { pid: 5, parent: 1, ticks: 100 },
      { pid: 6, parent: 5, ticks: 20 },
      { pid: 7, parent: 6, ticks: 3 },
      { pid: 8, parent: 1, ticks: 4000 }
    ]
    assert.strictEqual(treeTicks(processes, 5), 123)
  })

  const sampleAt = (seconds: number, busy: number, own: number): Sample => ({
    at: 1000 * seconds,
    total: 200 * seconds,
    busy,
    own
  })

  it("is a part of all cores", () => {
    assert.strictEqual(foreignShare(sampleAt(0, 0, 0), sampleAt(10, 1500, 1000)), 0.25)
    // The two are read one after the other and may contradict each other a little.
    assert.strictEqual(foreignShare(sampleAt(0, 0, 0), sampleAt(10, 1000, 1010)), 0)
    assert.isUndefined(foreignShare(sampleAt(3, 0, 0), sampleAt(3, 0, 0)))
  })

  it("is that of the worst ten seconds, so that a quiet warm-up hides nothing", () => {
    const quiet = Array.from({ length: 50 }, (_, n) => sampleAt(2 * n, 0, 0))
    const burst = [
      ...quiet,
      ...Array.from({ length: 6 }, (_, n) => sampleAt(100 + 2 * n, n < 1 ? 0 : 200 * n, 0))
    ]
    assert.closeTo(worstShare(burst, 10_000)!, 0.5, 0.01)
    assert.closeTo(foreignShare(burst[0]!, burst.at(-1)!)!, 1000 / 22_000, 0.001)
    assert.strictEqual(worstShare(quiet, 10_000), 0)
    // A short block is a stretch of its own.
    assert.strictEqual(worstShare([sampleAt(0, 0, 0), sampleAt(1, 50, 0)], 10_000), 0.25)
    assert.isUndefined(worstShare([], 10_000))
  })
})
