import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { back, diverging, nonFinite, parts } from "./diverging.ts"
import { assertPlainError, checkpointsOf, fresh, reported, run, stepsOf } from "./program.ts"

describe("a run that diverges", () => {
  it("in its first epoch, before there is a checkpoint, begins anew", async () => {
    const folder = fresh()
    const { code, stderr, stdout } = await run(...diverging, back, `--out=${folder}`)
    assert.strictEqual(code, 0, stderr)
    assert.include(stdout, "goes on after step 0 at 0.5 times the learning rate")
    for (const file of parts)
      assert.deepStrictEqual(nonFinite(join(folder, "checkpoints", "000000016", file)), [])
  }, 600_000)

  it("in what the features do not show is stopped there, and nothing of it is saved or exported", async () => {
    const folder = fresh()
    const constant = ["--set", "optimizer.schedule.kind=constant", "--set", "optimizer.learningRate=1e7"]
    const large = ["--set", "training.batchSize=2666", "--set", "dictionary.size=2666"]
    const { code, stderr, stdout } = await run(
      ...diverging,
      reported,
      ...large,
      ...constant,
      `--out=${folder}`
    )
    assert.strictEqual(code, 5, stderr)
    assertPlainError(stderr, "the next state is Infinity at layer1.0.bn1.running_var", "in step 2 ")
    assert.deepStrictEqual(checkpointsOf(folder), [])
    assert.notInclude(readdirSync(folder), "encoder.safetensors")
    // Its report says why.
    assert.include(stdout, `report: ${join(folder, "report.html")}`)
    assert.include(
      readFileSync(join(folder, "report.html"), "utf8"),
      "<p>the next state is Infinity at layer1.0.bn1.running_var"
    )
    // Unlike those, its losses were finite.
    assert.isTrue(stepsOf(folder).every(({ loss }) => Number.isFinite(loss)))
  }, 600_000)
})
