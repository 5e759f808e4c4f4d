import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { forbidden, hostile } from "@moco/core/testing"
import { knnAccuracy } from "@moco/evaluation/Evaluation/Knn"
import { measured } from "@moco/evaluation/Measurement"
import { epochChart } from "@moco/report/charts/epochChart"
import { metricChart } from "@moco/report/charts/metricChart"
import { endedLine, statusLine } from "@moco/report/live/StudyBar/line"
import { writeReport } from "@moco/report/study/files"
import { cellTable, comparisonTable, markdown, studyCsv, studyTable } from "@moco/report/study/text"
import type { CellReport } from "@moco/study/Report"
import type { StudyResults } from "@moco/study/results"
import { plan } from "@moco/study/Study"
import type { FailedTrial } from "@moco/study/TrialRecord"
import { encodeManifest } from "@moco/train/Checkpoint/manifest"
import { folderName } from "@moco/train/Checkpoint/store"
import { fashionMnistQuick } from "@moco/train/recipes/fashionMnistQuick"
import { sampleManifest } from "@moco/train/testing"
import { Resvg } from "@resvg/resvg-js"
import { Effect } from "effect"
import fc from "fast-check"
import { fixture, tinyStudy } from "./everyError/provoke.ts"
import { assertPlainError, fresh, lastLine, run, writeStudy } from "./program.ts"

const assertShowable = (text: string) =>
  assert.deepStrictEqual(forbidden(text.replaceAll("\n", "")), [], text.slice(0, 500))

/** What a study has found that calls everything by words of a file. */
const resultsWith = (words: ReadonlyArray<string>): StudyResults => {
  const word = (i: number) => words[i % words.length]!
  const [x, series] = [`x${word(0)}`, `series${word(1)}`]
  const cells = [0, 1].map((i): CellReport => {
    const estimate = { mean: 0.5 + 0.1 * i, std: 0.01, n: 2, ci: { low: 0.4, high: 0.7 } }
    return {
      settings: { [x]: `${i}${word(2 + i)}`, [series]: word(4) },
      estimate,
      values: [{ seed: 1, value: estimate.mean }],
      numSteps: 10,
      failures: [{ seed: 2, reason: word(5) }],
      curve: [{ epoch: 1, metrics: { loss: 2, pretextAccuracy: 0.3 } }],
      levels: { chanceLoss: 3 }
    }
  })
  const [first, second] = cells.map(({ settings }) => settings)
  const metric = { ...knnAccuracy(200), metric: word(3), unit: words.length % 2 === 0 ? "fraction" : word(1) }
  const claim = { statement: word(0), paper: word(1), expects: "above", contrasts: [] } as const
  return {
    study: word(3),
    chart: { x, series },
    metric,
    cells,
    baselines: [measured(metric, word(2), 0.4)],
    comparisons: [{ settings: second!, reference: first!, difference: undefined }],
    verdicts: [
      {
        claim,
        verdict: "supports",
        contrasts: [{ label: word(2), unit: metric.unit, estimate: undefined, numFailed: 1 }]
      }
    ],
    published: { source: word(4), figures: [] },
    numTrials: 4,
    numCompleted: 2,
    numFailed: 2,
    seconds: 9
  }
}

const words = fc.array(hostile, { minLength: 1, maxLength: 6 })

/** Cells of a Markdown table's row: what an escaped bar divides is one. */
const cellsOf = (row: string) => row.replaceAll(/\\[!-/:-@[-`{-~]/g, "").split("|").length

/** Fields of a line of comma-separated values. */
const fieldsOf = (line: string) => line.replaceAll(/"(?:[^"]|"")*"/g, "quoted").split(",").length

describe("words of a study's file or of its runs", () => {
  it("never lead the terminal, in tables, in the live line or beside it", () => {
    fc.assert(
      fc.property(words, (words) => {
        const results = resultsWith(words)
        assertShowable(studyTable(results))
        const { settings } = results.cells[0]!
        const failed: FailedTrial = {
          ...{
            format: 2 as const,
            time: "",
            trial: "a",
            settings,
            seed: 1,
            seconds: 1,
            runFolder: "",
            epochs: []
          },
          ...{ outcome: "failed", exitCode: 1, reason: words[0]!, isFinal: true }
        }
        const trial = { id: "a", settings, seed: 1, config: fashionMnistQuick(), stages: {} }
        const running = new Map([["a", { trial, startedAt: 0, first: undefined, progress: undefined }]])
        const status = { trials: [trial], ended: new Map(), running, concurrency: 1 }
        for (const columns of [undefined, 20, 60]) {
          const line = statusLine(status, 0, columns)
          assert.deepStrictEqual(forbidden(line), [])
          if (columns !== undefined) assert.isAtMost(line.length, columns)
        }
        // It is escaped where it is printed.
        assert.isString(endedLine(failed))
      })
    )
  })

  it("never change the number of cells of a Markdown table, or of fields of a CSV", () => {
    fc.assert(
      fc.property(words, (words) => {
        const results = resultsWith(words)
        for (const table of [cellTable(results), comparisonTable(results)]) {
          const rows = markdown(table).split("\n")
          assert.lengthOf(rows, table.length + 1)
          for (const row of rows) assert.strictEqual(cellsOf(row), table[0]!.length + 2, row)
          assertShowable(markdown(table))
        }
        const lines = studyCsv(results).trimEnd().split("\n")
        assert.lengthOf(lines, 3)
        for (const line of lines) assert.strictEqual(fieldsOf(line), fieldsOf(lines[0]!), line)
        assertShowable(lines.join(""))
      })
    )
  })

  it("never break a chart: it is XML, and is drawn", { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(words, (words) => {
        for (const svg of [metricChart(resultsWith(words)), epochChart(resultsWith(words))]) {
          assertShowable(svg)
          assert.notMatch(svg, /<(script|b|img)\b/)
          // A strict parser: it refuses what XML has no place for.
          assert.isAbove(new Resvg(svg, { font: { loadSystemFonts: false } }).width, 0)
        }
      }),
      { numRuns: 25 }
    )
  })

  it.live(
    "never become markup in a report, nor do those of a run's environment and of the command line",
    () =>
      Effect.gen(function* () {
        const folder = fresh()
        mkdirSync(join(folder, "runs/a"), { recursive: true })
        const evil = "<img src=x onerror=alert(1)> [a](http://b) `c` | \u001b[2J\u202e\n# d"
        const environment = {
          ...{ startedAt: "", commit: { hash: evil.slice(0, 12), dirty: true }, node: evil, platform: evil },
          ...{ backend: { name: evil, version: evil, device: evil }, threads: 1 },
          cpu: { model: evil, cores: 1, features: [evil] }
        }
        writeFileSync(join(folder, "runs/a/environment.json"), JSON.stringify(environment))
        const study = yield* plan(tinyStudy(), fashionMnistQuick())
        const record: FailedTrial = {
          ...{
            format: 2 as const,
            time: evil,
            trial: "a",
            settings: { size: 64 },
            seed: 1,
            seconds: 1,
            runFolder: "runs/a"
          },
          ...{ epochs: [], outcome: "failed", exitCode: 1, reason: evil, isFinal: true }
        }
        const results = { ...resultsWith([evil]), numCompleted: 0 }
        yield* writeReport(join(folder, "report"), {
          study,
          results,
          records: [record],
          command: evil,
          folder
        })
        const report = readFileSync(join(folder, "report/report.md"), "utf8")
        assertShowable(report)
        const outsideCode = report.replaceAll(/(`+)[^`](?:.*?[^`])?\1(?!`)/g, "")
        assert.notMatch(outsideCode.replaceAll(/\\[!-/:-@[-`{-~]/g, ""), /<img|\]\(http|^# d/m)
        assert.include(report, String.raw`\<img src=x onerror=alert(1)\> \[a\](http:\//b)`)
        assert.lengthOf(report.match(/^# /gm)!, 1)
      }).pipe(Effect.provide(NodeServices.layer))
  )
})

describe("the program", () => {
  it("escapes the path that --resume names", async () => {
    const path = "/nowhere/\u001b]0;title\u0007\u202ea\nerror: b"
    const { code, stderr, stdout } = await run("train", `--resume=${path}`)
    assert.strictEqual(code, 3)
    assertPlainError(stderr, String.raw`error: /nowhere/\u001b]0;title\u0007\u202ea error: b holds no run`)
    assertShowable(stderr + stdout)
  })

  it("escapes an unknown flag and an unknown command", async () => {
    for (const args of [
      ["train", "--\u001b[31mx\u202e"],
      ["\u001b[2Jtrain\u2066"],
      ["train", "--seed=\u202e1"]
    ]) {
      const { code, stderr, stdout } = await run(...args)
      assert.strictEqual(code, 2)
      assertShowable(stderr + stdout)
    }
  })

  it("escapes what a checkpoint says of its machine and of its parts", async () => {
    const folder = fresh()
    const config = fashionMnistQuick()
    const leading = "\u001b[31m\u202e\u009b2J"
    const write = (step: number, part: string) => {
      const manifest = sampleManifest(config, step)
      const fingerprint = { ...manifest.fingerprint, version: leading, node: leading, cpuFeatures: [leading] }
      const parts = part === "" ? [] : [{ name: part, bytes: 1, sha256: "0".repeat(64) }]
      const path = join(folder, "checkpoints", folderName(step))
      mkdirSync(path, { recursive: true })
      writeFileSync(join(path, "manifest.jsonl"), encodeManifest({ ...manifest, fingerprint, parts }))
    }
    write(7, `part${leading}`)
    write(6, "")
    const { code, stderr, stdout } = await run("train", `--resume=${folder}`)
    assert.strictEqual(code, 3, stderr)
    assertPlainError(stderr, "version was \\u001b[31m", "/part\\u001b[31m\\u202e\\u009b2J is damaged")
    assertPlainError(stderr, "the part query.safetensors is missing")
    assertShowable(stderr + stdout)
  })

  it("escapes what nobody has escaped before, and JSON stays what it was", async () => {
    const folder = fresh()
    mkdirSync(folder)
    const name = "fixture\u202e\u009b"
    symlinkSync(fixture, join(folder, name))
    const { code, stderr, stdout } = await run("parity", `--fixture=${join(folder, name)}`)
    assert.strictEqual(code, 0, stderr)
    assertShowable(stderr + stdout)
    assert.strictEqual(JSON.parse(lastLine(stdout)).fixture, name)
  })

  it("refuses a study whose label cannot be shown before its first run", async () => {
    const out = fresh()
    const folder = fresh()
    mkdirSync(folder)
    const study = {
      ...tinyStudy(),
      axes: [{ name: "x", points: [{ label: "a\u0001b", set: { "dictionary.size": 64 } }] }]
    }
    const { code, stderr, stdout } = await run(
      "ablate",
      `--study=${writeStudy(folder, study)}`,
      `--out=${out}`
    )
    assert.strictEqual(code, 2)
    assertPlainError(stderr, "axes[0].points[0].label", String.raw`cannot be shown (\u0001)`)
    assertShowable(stderr + stdout)
    assert.strictEqual(stdout, "")
  })
})
