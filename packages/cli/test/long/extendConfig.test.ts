import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import type { Measurement } from "@moco/evaluation/Measurement"
import {
  assertPlainError,
  checkpointsOf,
  fresh,
  jsonLines,
  lastLine,
  run,
  start,
  tinyRun,
  until
} from "../program.ts"

/** 16 steps an epoch, at one rate. */
const tiny = (epochs: number) => [
  "train",
  ...tinyRun({ epochs }),
  ...["--set", "training.batchSize=500", "--set", "optimizer.schedule.kind=constant"],
  ...["--set", "evaluations.knn.k=[20]", "--json"]
]

const eventsOf = (folder: string, event: string) =>
  jsonLines(join(folder, "metrics.jsonl")).filter((line) => line.event === event)

describe("a run that goes on with another config", () => {
  it("may go on at another learning rate and be evaluated otherwise; what else it is made of may not change", async () => {
    const folder = fresh()
    const first = start([...tiny(3), "--checkpoint-every=4steps", `--out=${folder}`])
    await until(() => checkpointsOf(folder).length >= 1)
    first.child.kill("SIGTERM")
    await first.ended
    const refused = await run("train", `--resume=${folder}`, "--set", "momentum.m=0.5")
    assert.strictEqual(refused.code, 2)
    assertPlainError(refused.stderr, "momentum.m was ", "may change: ", "optimizer.learningRate")
    const throughOut = await run(...tiny(3), "--set", "optimizer.learningRate=0.01", `--out=${folder}`)
    assert.strictEqual(throughOut.code, 2)

    const sets = ["--set", "optimizer.learningRate=0.01", "--set", "evaluations.knn.k=[5,20]"]
    const { code, stderr, stdout } = await run("train", `--resume=${folder}`, ...sets, "--epochs=2", "--json")
    assert.strictEqual(code, 0, stderr)
    const [change] = eventsOf(folder, "configChanged")
    const { step } = change
    assert.include(stdout, `optimizer.learningRate was 0.12 and is 0.01 from step ${step} on`)
    assert.deepStrictEqual(change.learningRate, { before: 0.12, now: 0.01 })
    for (const { metrics, step: at } of eventsOf(folder, "step")) {
      assert.strictEqual(metrics.learningRate, at < step ? 0.12 : 0.01)
    }
    const measurements: ReadonlyArray<Measurement> = JSON.parse(lastLine(stdout)).measurements
    for (const subject of ["raw pixels", "untrained encoder", "trained encoder"]) {
      assert.deepStrictEqual(
        measurements.flatMap((found) => (found.subject === subject ? [found.metric] : [])),
        ["kNN accuracy (k = 5)", "kNN accuracy (k = 20)"]
      )
    }
  }, 600_000)
})
