import { mkdir } from "node:fs/promises"
import { dirname } from "node:path"
import { parseArgs } from "node:util"
import * as Escape from "@moco/core/Escape"
import { readBytes, replace } from "@moco/core/SafeFile/plain"
import * as Plot from "@observablehq/plot"
import { parseHTML } from "linkedom"

/**
 * Draws a run as SVG: the loss under its chance level while the queue fills, and kNN accuracy over both baselines.
 *
 *     npx nx run tools:plot --run=runs/fashionMnistQuick-1 --out=results/run.svg
 */

interface StepRecord {
  readonly event: "step"
  readonly step: number
  readonly loss: number
  readonly chanceLoss: number
  readonly queueFill: number
  readonly pretextAccuracy: number
  readonly numSteps: number
  readonly numEpochs: number
}

interface EvaluationRecord {
  readonly event: "evaluation"
  readonly step: number
  readonly subject: "encoder" | "untrainedEncoder" | "rawPixels"
  readonly neighbours: ReadonlyArray<{ readonly k: number; readonly accuracy: number }>
}

const { document } = parseHTML("<html><body></body></html>")

const colors = { loss: "#2b5d8a", chance: "#999999", accuracy: "#b5541c", baseline: "#666666" }
const frame = {
  document,
  width: 420,
  height: 260,
  marginLeft: 50,
  marginRight: 120
}

const lossPlot = (steps: ReadonlyArray<StepRecord>) => {
  const perEpoch = steps[0]!.numSteps / steps[0]!.numEpochs
  const points = smoothed(steps, 20).map(({ loss, step }) => ({ epoch: step / perEpoch, loss }))
  const chance = steps[0]!.chanceLoss
  const filled = steps.find(({ queueFill }) => queueFill === 1)
  const last = points.at(-1)!
  return Plot.plot({
    ...frame,
    x: { label: "epoch" },
    y: { label: "loss (nats), mean of 20 steps", grid: true, domain: [0, chance * 1.05] },
    marks: [
      Plot.ruleY([chance], { stroke: colors.chance, strokeDasharray: "4 3" }),
      Plot.text([{ epoch: last.epoch, y: chance }], {
        x: "epoch",
        y: "y",
        text: () => "chance, ln(K + 1)",
        textAnchor: "start",
        dx: 6,
        fill: colors.chance
      }),
      ...(filled === undefined
        ? []
        : [
            Plot.ruleX([filled.step / perEpoch], { stroke: colors.chance, strokeDasharray: "1 3" }),
            Plot.text([{ x: filled.step / perEpoch, y: 0 }], {
              x: "x",
              y: "y",
              text: () => "queue full",
              textAnchor: "start",
              dx: 4,
              dy: -6,
              fill: colors.chance
            })
          ]),
      Plot.line(points, { x: "epoch", y: "loss", stroke: colors.loss, strokeWidth: 1.5 }),
      Plot.text([last], {
        x: "epoch",
        y: "loss",
        text: () => "loss",
        textAnchor: "start",
        dx: 6,
        fill: colors.loss
      })
    ]
  })
}

const accuracyPlot = (steps: ReadonlyArray<StepRecord>, evaluations: ReadonlyArray<EvaluationRecord>) => {
  const perEpoch = steps[0]!.numSteps / steps[0]!.numEpochs
  const k = Math.min(...evaluations[0]!.neighbours.map((neighbours) => neighbours.k))
  const at = (record: EvaluationRecord) =>
    100 * record.neighbours.find((neighbours) => neighbours.k === k)!.accuracy
  const of = (subject: EvaluationRecord["subject"]) =>
    evaluations.filter((record) => record.subject === subject)
  const untrained = of("untrainedEncoder")
  const points = [...untrained, ...of("encoder")].map((record) => ({
    epoch: record.step / perEpoch,
    accuracy: at(record)
  }))
  const baselines = [
    { name: "raw pixels", accuracy: at(of("rawPixels")[0]!) },
    { name: "untrained encoder", accuracy: at(untrained[0]!) }
  ]
  const end = points.at(-1)!
  return Plot.plot({
    ...frame,
    x: { label: "epoch" },
    y: { label: `kNN accuracy (%), k = ${k}`, grid: true },
    marks: [
      Plot.ruleY(baselines, { y: "accuracy", stroke: colors.baseline, strokeDasharray: "4 3" }),
      Plot.text(baselines, {
        x: () => end.epoch,
        y: "accuracy",
        text: "name",
        textAnchor: "start",
        dx: 6,
        fill: colors.baseline
      }),
      Plot.line(points, { x: "epoch", y: "accuracy", stroke: colors.accuracy, strokeWidth: 1.5 }),
      Plot.dot(points, { x: "epoch", y: "accuracy", fill: colors.accuracy, r: 3 }),
      Plot.text([end], {
        x: "epoch",
        y: "accuracy",
        text: () => "trained encoder",
        textAnchor: "start",
        dx: 6,
        fill: colors.accuracy
      })
    ]
  })
}

/** Running mean over up to `width` steps before each. */
const smoothed = (steps: ReadonlyArray<StepRecord>, width: number) =>
  steps.map((step, i) => {
    const window = steps.slice(Math.max(0, i - width + 1), i + 1)
    return { ...step, loss: window.reduce((sum, { loss }) => sum + loss, 0) / window.length }
  })

/** Two plots side by side in one stand-alone SVG. */
const sideBySide = (plots: ReadonlyArray<{ readonly outerHTML: string }>) => {
  const { height, width } = frame
  const inner = plots.map(({ outerHTML }, i) => outerHTML.replace("<svg", `<svg x="${i * width}"`)).join("\n")
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${plots.length * width}" height="${height}" font-family="sans-serif"><rect width="100%" height="100%" fill="white"/>${inner}</svg>\n`
}

const { values } = parseArgs({ options: { run: { type: "string" }, out: { type: "string" } } })
if (values.run === undefined || values.out === undefined) {
  process.stderr.write("error: name a run folder and a file: --run=runs/fashionMnistQuick-1 --out=run.svg\n")
  process.exit(2)
}
const lines = readBytes(`${values.run}/metrics.jsonl`, 400 * 2 ** 20)
  .toString("utf8")
  .trimEnd()
  .split("\n")
const records: ReadonlyArray<StepRecord | EvaluationRecord> = lines.map((line) => JSON.parse(line))
const steps = records.filter((record) => record.event === "step")
const evaluations = records.filter((record) => record.event === "evaluation")
if (steps.length === 0 || !evaluations.some(({ subject }) => subject === "encoder")) {
  const problem = `the run in ${values.run} was stopped before its encoder was judged`
  process.stderr.write(
    `${Escape.terminal(`error: ${problem}\n  go on with it: npx moco train --resume=${values.run}`)}\n`
  )
  process.exit(2)
}
await mkdir(dirname(values.out), { recursive: true })
replace(values.out, sideBySide([lossPlot(steps), accuracyPlot(steps, evaluations)]))
process.stdout.write(`${Escape.line(values.out)}\n`)
