import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
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
} from "./program.ts"

/** 16 steps an epoch, at one rate. */
const tiny = (epochs: number) => [
  "train",
  ...tinyRun({ epochs }),
  ...["--set", "training.batchSize=500", "--set", "optimizer.schedule.kind=constant"],
  ...["--set", "evaluation.neighbours=[20]", "--json"]
]

const eventsOf = (folder: string, event: string) =>
  jsonLines(join(folder, "metrics.jsonl")).filter((line) => line.event === event)

describe("a run that goes on with another config", () => {
  it("may go on at another learning rate and be judged otherwise; what else it is made of may not change", async () => {
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

    const sets = ["--set", "optimizer.learningRate=0.01", "--set", "evaluation.neighbours=[5,20]"]
    const { code, stderr, stdout } = await run("train", `--resume=${folder}`, ...sets, "--epochs=2", "--json")
    assert.strictEqual(code, 0, stderr)
    const [change] = eventsOf(folder, "configChanged")
    const { step } = change
    assert.include(stdout, `optimizer.learningRate was 0.12 and is 0.01 from step ${step} on`)
    assert.deepStrictEqual(change.learningRate, { before: 0.12, now: 0.01 })
    for (const { learningRate, step: at } of eventsOf(folder, "step")) {
      assert.strictEqual(learningRate, at < step ? 0.12 : 0.01)
    }
    const { evaluations } = JSON.parse(lastLine(stdout))
    for (const subject of ["encoder", "untrainedEncoder", "rawPixels"]) {
      assert.deepStrictEqual(
        evaluations[subject].map(({ k }: { k: number }) => k),
        [5, 20]
      )
    }
  }, 600_000)
})
