import { assert, describe, it } from "@effect/vitest"
import { baseSettings, type Case } from "../peer/Case.ts"
import type { Block } from "../peer/measure.ts"
import { type Heading, isComplete, markdownNameOf, markdownOf, reportOf } from "../peer/Report.ts"
import { keptOf, spreadOf, summarise } from "../peer/summary.ts"
import { render, renderMarkdown, tableOf } from "../peer/table.ts"

const aCase: Case = { name: "small", settings: baseSettings }
const growing: Case = { name: "growth", settings: baseSettings, grownQueueSize: 65_536 }

interface Figures {
  readonly speed: number
  readonly memory?: number
  readonly worst?: number
  readonly try?: number
}

const block = (name: string, round: number, row: string, figures: Figures | string): Block => ({
  case: name,
  row,
  round,
  try: typeof figures === "string" ? 1 : (figures.try ?? 1),
  steps: 4,
  outcome:
    typeof figures === "string"
      ? { kind: "failed", reason: figures }
      : {
          kind: "measured",
          result: {
            imagesPerSecond: figures.speed,
            stepMs: { median: 64_000 / figures.speed, min: 1, max: 1e6 },
            peakRssMiB: figures.memory ?? 1000
          },
          foreign: { before: 0, during: 0, worst: figures.worst ?? 0, after: 0 },
          isSpoiled: (figures.worst ?? 0) > 0.1
        }
})

/** One block a round. */
const rounds = (row: string, ...all: ReadonlyArray<Figures | string>): ReadonlyArray<Block> =>
  all.map((figures, index) => block("small", index + 1, row, figures))

describe("the figures of a row", () => {
  it("have a median, the middle one or the mean of the two, and a spread", () => {
    assert.deepStrictEqual(spreadOf([4, 30, 1, 2]), { median: 3, min: 1, max: 30 })
    assert.isNull(spreadOf([]))
    assert.deepStrictEqual(spreadOf([3, 1, 8]), { median: 3, min: 1, max: 8 })
  })

  it("are those of the undisturbed blocks, and say how many were disturbed", () => {
    const blocks = rounds("ours", { speed: 50 }, { speed: 10, worst: 0.4 }, { speed: 60 })
    const [ours] = summarise(aCase, ["ours"], blocks).rows
    assert.deepStrictEqual(ours!.imagesPerSecond, { median: 55, min: 50, max: 60 })
    assert.deepInclude(ours, { blocks: 3, disturbed: 1, spoiled: 1, failed: null })
  })

  it("are those of all blocks where each was disturbed", () => {
    const blocks = rounds("ours", { speed: 50, worst: 0.2 }, { speed: 10, worst: 0.4 })
    const [ours] = summarise(aCase, ["ours"], blocks).rows
    assert.strictEqual(ours!.imagesPerSecond!.median, 30)
    assert.strictEqual(ours!.disturbed, 2)
  })

  it("are of the try of a round in which others did least", () => {
    const blocks = [
      block("small", 1, "ours", { speed: 10, worst: 0.5, try: 1 }),
      block("small", 1, "ours", { speed: 50, worst: 0.05, try: 2 }),
      block("small", 2, "ours", { speed: 11, worst: 0.5, try: 1 }),
      block("small", 2, "ours", { speed: 12, worst: 0.2, try: 2 }),
      block("small", 2, "ours", { speed: 13, worst: 0.3, try: 3 })
    ]
    assert.deepStrictEqual(
      keptOf(blocks, "ours").map(({ imagesPerSecond, isSpoiled, round }) => [
        round,
        imagesPerSecond,
        isSpoiled
      ]),
      [
        [1, 50, false],
        [2, 12, true]
      ]
    )
    const [ours] = summarise(aCase, ["ours"], blocks).rows
    assert.deepInclude(ours, { blocks: 2, disturbed: 1, spoiled: 4 })
  })

  it("are not there where it failed, and the reason is", () => {
    const [ours] = summarise(aCase, ["ours"], rounds("ours", "no library")).rows
    assert.deepInclude(ours, { imagesPerSecond: null, blocks: 0, failed: "no library" })
  })

  it("are not those of another case", () => {
    const [ours] = summarise({ ...aCase, name: "other" }, ["ours"], rounds("ours", { speed: 50 })).rows
    assert.isNull(ours!.imagesPerSecond)
  })
})

describe("the comparison", () => {
  const programs = ["ours", "nchw", "channels-last"] as const
  const blocks = [
    ...rounds("ours", { speed: 50, memory: 1500 }, { speed: 30 }, { speed: 55, memory: 1600 }),
    ...rounds("nchw", { speed: 99 }, { speed: 20 }, { speed: 40 }),
    ...rounds(
      "channels-last",
      { speed: 100, memory: 800 },
      { speed: 40, memory: 900 },
      { speed: 50, memory: 750 }
    )
  ]

  it("is with PyTorch's fastest row, round by round", () => {
    const { comparisons } = summarise(aCase, programs, blocks)
    const ratio = { median: 0.75, min: 0.5, max: 1.1 }
    const memoryRatio = 1500 / 800
    assert.deepStrictEqual(comparisons, [
      { queueSize: 4096, best: "channels-last", ratio, rounds: 3, isDisturbed: false, memoryRatio }
    ])
  })

  it("leaves out the rounds in which one of the two was disturbed", () => {
    const some = [
      ...rounds("ours", { speed: 50 }, { speed: 1, worst: 0.3 }, { speed: 60 }),
      ...rounds("nchw", { speed: 100 }, { speed: 100 }, { speed: 1, worst: 0.9 })
    ]
    const [comparison] = summarise(aCase, programs, some).comparisons
    assert.deepInclude(comparison, { rounds: 1, isDisturbed: false })
    assert.strictEqual(comparison!.ratio.median, 0.5)
    const all = some.map((block) => ({
      ...block,
      outcome: { ...block.outcome, isSpoiled: true } as Block["outcome"]
    }))
    assert.deepInclude(summarise(aCase, programs, all).comparisons[0], { rounds: 3, isDisturbed: true })
  })

  it("is with what there is: not with a row that failed, and not without ours", () => {
    const failed = [...rounds("ours", { speed: 50 }), ...rounds("nchw", "killed")]
    assert.deepStrictEqual(summarise(aCase, programs, failed).comparisons, [])
    assert.deepStrictEqual(summarise(aCase, programs, rounds("nchw", { speed: 1 })).comparisons, [])
  })

  it("tells what growth of the queue costs a step, round by round", () => {
    const speeds = { "ours K=4096": [640, 320], "ours K=65536": [320, 160] }
    const grown = Object.entries(speeds).flatMap(([row, all]) =>
      all.map((speed, index) => block("growth", index + 1, row, { speed }))
    )
    const { comparisons, growth } = summarise(growing, ["ours"], grown)
    const differenceMs = { median: 150, min: 100, max: 200 }
    assert.deepStrictEqual(growth, [
      { program: "ours", from: 4096, to: 65_536, differenceMs, isDisturbed: false }
    ])
    assert.deepStrictEqual(comparisons, [])
  })

  describe("as a table", () => {
    const summary = summarise(
      aCase,
      [...programs, "nchw-compile"],
      [...blocks, ...rounds("nchw-compile", "no compiler | here")]
    )
    const table = tableOf(aCase, summary, { threads: 2, augment: false })

    it("has a line for every row, the ratios, and what failed", () => {
      assert.deepStrictEqual(render(table).split("\n"), [
        "small: resnet18, 3 x 32 x 32, batch 64, ordinary batch norm, K 4096, augmentation off, 2 threads",
        "program                 images/s (min..max)  ours is  step ms  peak MiB  ours takes  blocks (disturbed)",
        "ours                      50.0 (30.0..55.0)        -     1280      1500           -                   3",
        "PyTorch NCHW              40.0 (20.0..99.0)   1.25 x     1600      1000      1.50 x                   3",
        "PyTorch channels-last      50.0 (40.0..100)   1.00 x     1280       800      1.88 x                   3",
        "PyTorch NCHW, compiled                    -        -        -         -           -           0, failed",
        "ours / PyTorch channels-last (PyTorch's fastest): 0.75 (0.50..1.10, 3 rounds); peak memory 1.88 times",
        "PyTorch NCHW, compiled failed: no compiler | here"
      ])
    })

    it("is Markdown in which nothing breaks a cell", () => {
      const lines = renderMarkdown(table).split("\n")
      assert.strictEqual(
        lines[0],
        "### small: resnet18, 3 x 32 x 32, batch 64, ordinary batch norm, K 4096, augmentation off, 2 threads"
      )
      assert.strictEqual(lines[4], "| ours | 50.0 (30.0..55.0) | - | 1280 | 1500 | - | 3 |")
      assert.strictEqual(lines.at(-1), "- PyTorch NCHW, compiled failed: no compiler \\| here")
    })

    it("says which blocks were disturbed", () => {
      const disturbed = summarise(aCase, ["ours"], rounds("ours", { speed: 5, worst: 0.5 }))
      assert.match(
        render(tableOf(aCase, disturbed, { threads: 2, augment: true })),
        /augmentation on.*1 \(1\)/s
      )
    })

    it("tells growth with a sign", () => {
      const grown = [
        block("growth", 1, "ours K=4096", { speed: 640 }),
        block("growth", 1, "ours K=65536", { speed: 320 })
      ]
      const text = render(
        tableOf(growing, summarise(growing, ["ours"], grown), { threads: 2, augment: false })
      )
      assert.include(text, "ours, K 4096 to 65536: step +100 ms (+100..+100)")
      assert.include(text, "\nours, K 65536 ")
    })
  })

  describe("as a report", () => {
    const heading: Heading = {
      date: "2026-01-02T03:04:05.000Z",
      commit: "abc+",
      cpu: { model: "a processor", cores: 2, features: [] },
      memoryMiB: 1,
      versions: { node: "22", python: "3.11", torch: "2.13.0" },
      environment: {},
      threads: 2,
      augment: false,
      rounds: 3,
      programs
    }

    it("holds every block, what they come to, and whether it is all", () => {
      const report = reportOf(heading, [aCase], blocks, false)
      assert.strictEqual(report.blocks.length, 9)
      assert.strictEqual(report.cases[0]!.comparisons[0]!.ratio.median, 0.75)
      assert.include(markdownOf(report), "**Not finished.**")
      assert.notInclude(markdownOf({ ...report, isFinished: true }), "Not finished")
      assert.include(markdownOf(report), "2026-01-02, commit abc+, a processor, 2 cores")
    })

    it("counts what was spoiled", () => {
      const spoiled = rounds("ours", { speed: 1, worst: 0.3 }, { speed: 1 })
      assert.strictEqual(reportOf(heading, [aCase], spoiled, true).spoiled, 1)
    })

    it("is complete where ours stands beside one of PyTorch's in every case", () => {
      const isCompleteOf = (all: ReadonlyArray<Block>, rows: Heading["programs"] = programs) =>
        isComplete(reportOf({ ...heading, programs: rows }, [aCase], all, true))
      assert.isTrue(isCompleteOf(blocks))
      assert.isTrue(
        isCompleteOf([...rounds("ours", { speed: 1 }), ...rounds("nchw", { speed: 1 }, "killed")])
      )
      assert.isFalse(isCompleteOf([...rounds("ours", { speed: 1 }), ...rounds("nchw", "killed")]))
      assert.isFalse(
        isCompleteOf([...rounds("ours", { speed: 1 }, "killed"), ...rounds("nchw", { speed: 1 })])
      )
      assert.isTrue(isCompleteOf(rounds("ours", { speed: 1 }), ["ours"]))
    })

    it("has its page beside it", () => {
      assert.strictEqual(markdownNameOf("results/peer.json"), "results/peer.md")
      assert.strictEqual(markdownNameOf("results/peer"), "results/peer.md")
    })
  })
})
