import { mkdtempSync, readdirSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { knnAccuracy } from "@moco/evaluation/Evaluation/Knn"
import { measured } from "@moco/evaluation/Measurement"
import { trainedEncoder } from "@moco/evaluation/subjects"
import { plan } from "@moco/study/Study"
import type { CompletedTrial, TrialRecord } from "@moco/study/TrialRecord"
import { fashionMnistQuick } from "@moco/train/recipes/fashionMnistQuick"
import { Effect } from "effect"
import sharp from "sharp"
import { schemes } from "../src/charts/inline/style.ts"
import { writeReport } from "../src/study/files.ts"
import { measuredOf } from "../src/study/measured.ts"
import { sampleStudy } from "./html/sampleStudy.ts"

const metric = knnAccuracy(200, 0.1)
const claimed = { ...metric, metric: "kNN accuracy (k = 20)", protocol: "of 20 neighbours" }

const study = Effect.map(
  plan(
    {
      name: "mine",
      recipe: "fashionMnistQuick",
      axes: [{ setting: "dictionary.size", values: [64] }],
      seeds: [1]
    },
    fashionMnistQuick()
  ),
  (planned) => ({
    ...planned,
    metric,
    definition: {
      ...planned.definition,
      claims: [
        {
          ...{ statement: "a", paper: "b", expects: "above" as const },
          contrasts: [{ label: "c", metric: claimed.metric, terms: [] }]
        }
      ]
    }
  })
)

const completed = (seed: number, protocol = metric.protocol): CompletedTrial => ({
  ...{ format: 2, time: "2026-01-01T00:00:00.000Z", trial: `${seed}`, settings: { K: 64 }, seed },
  ...{ seconds: 1, runFolder: `runs/${seed}`, epochs: [], outcome: "completed", levels: {} },
  ...{ numSteps: 1, trainingSeconds: 1, evaluationSeconds: 1 },
  measurements: [{ ...metric, protocol }, claimed, { ...metric, metric: "another" }].map((one) =>
    measured(one, trainedEncoder, 0.5)
  )
})

const write = async (records: ReadonlyArray<TrialRecord>, { isDrawn = false } = {}) => {
  const { results } = sampleStudy()
  const folder = mkdtempSync(join(tmpdir(), "study-"))
  const report = join(folder, "report")
  await Effect.runPromise(
    Effect.flatMap(study, (planned) =>
      writeReport(report, {
        ...{
          study: planned,
          results: isDrawn ? results : { ...results, numCompleted: 0 },
          records,
          command: "mine",
          folder
        }
      })
    ).pipe(Effect.provide(NodeServices.layer))
  )
  return report
}

describe("the report of a study, as files", () => {
  it("has every chart on a light and on a dark ground, as SVG and as PNG", async () => {
    const report = await write([completed(1)], { isDrawn: true })
    for (const name of ["metric", "epochs"]) {
      for (const [file, ground] of [
        [name, schemes.light["card"]],
        [`${name}-dark`, schemes.dark["card"]]
      ] as const) {
        assert.include(readFileSync(join(report, `${file}.svg`), "utf8"), `fill="${ground}"/>`)
        const png = sharp(join(report, `${file}.png`)).extract({ left: 0, top: 0, width: 1, height: 1 })
        const corner = (await png.raw().toBuffer()).subarray(0, 3).toString("hex")
        assert.strictEqual(`#${corner}`, ground === "#fff" ? "#ffffff" : ground)
      }
    }
    assert.strictEqual(readdirSync(report).filter((file) => /\.(svg|png)$/.test(file)).length, 8)
  })

  it("says how its metric and those of its claims were measured, and what images of nothing are known", async () => {
    const report = readFileSync(join(await write([completed(1), completed(2)]), "report.md"), "utf8")
    assert.include(report, "## How it was measured")
    assert.include(report, "- images: not known: no environment.json of its runs names them")
    const lines = report.split("\n").filter((line) => line.startsWith("- kNN accuracy"))
    assert.strictEqual(lines.length, 2)
    assert.match(lines[1]!, /of 20 neighbours$/)
  })

  it("marks a metric that its runs have measured otherwise, and says whose protocol is which", async () => {
    const report = readFileSync(
      join(await write([completed(1), completed(2, "otherwise")]), "report.md"),
      "utf8"
    )
    assert.match(report, /^- \u2260 kNN accuracy .*otherwise \(K = 64, seed 2\)$/m)
  })
})

it("what a study has measured is what it will measure, where no run has ended", async () => {
  const planned = await Effect.runPromise(study)
  assert.deepStrictEqual(measuredOf({ study: planned, records: [] }), [
    { name: "planned", metrics: [metric] }
  ])
  const [first] = measuredOf({ study: planned, records: [completed(1)] })
  assert.deepStrictEqual(
    first!.metrics.map((found) => found.metric),
    [metric.metric, claimed.metric]
  )
})
