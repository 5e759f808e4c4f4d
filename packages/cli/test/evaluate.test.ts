import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { encode } from "@moco/core/Safetensors"
import { runInProcess } from "./inProcess.ts"
import { assertPlainError, fresh, lastLine, run } from "./program.ts"
import { writeRun } from "./writtenRun.ts"

const few = [
  "--epochs=1",
  "--set=training.batchSize=1000",
  "--set=dictionary.size=1000",
  "--set=encoder.layers=[1]",
  "--set=evaluations.knn.k=[20]"
]

describe("moco evaluate", () => {
  it("measures a run's encoder as the run did, keeps it in its folder, and says of what and how", async () => {
    const folder = fresh()
    const trained = await run("train", `--out=${folder}`, ...few, "--json")
    assert.strictEqual(trained.code, 0, trained.stderr)
    const inRun = JSON.parse(lastLine(trained.stdout)).measurements
    const { code, stderr, stdout } = await run("evaluate", `--run=${folder}`, "--json")
    assert.strictEqual(code, 0, stderr)
    const evaluated = JSON.parse(lastLine(stdout))
    assert.sameDeepMembers(evaluated.measurements, inRun)
    assert.deepInclude(evaluated, { which: "last", step: 8 })
    assert.match(evaluated.images.sha256, /^[0-9a-f]{64}$/)
    const kept = () =>
      readFileSync(join(folder, "evaluations.jsonl"), "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line))
    assert.deepStrictEqual(kept(), [evaluated])

    const again = await run(
      ...["evaluate", `--run=${folder}`, "--evaluations=pretext,knn", "--no-baselines"],
      "--set=evaluations.pretext.numImages=100"
    )
    assert.strictEqual(again.code, 0, again.stderr)
    for (const text of ["kNN accuracy", "k = 20", "uniformity", "negative similarity", "after 8 steps"]) {
      assert.include(again.stdout, text)
    }
    assert.notInclude(again.stdout, "raw pixels")
    assert.lengthOf(kept(), 2)
  }, 120_000)

  it("refuses what names no encoder, two of them, or no evaluation, and says what to do", async () => {
    const neither = await run("evaluate")
    assert.strictEqual(neither.code, 2)
    assertPlainError(neither.stderr, "neither --run nor --checkpoint is given", "--run=RUN")
    const both = await run("evaluate", "--run=a", "--checkpoint=b")
    assert.strictEqual(both.code, 2)
    assertPlainError(both.stderr, "both name an encoder")
    const none = await run("evaluate", `--run=${fresh()}`)
    assert.strictEqual(none.code, 3)
    assertPlainError(none.stderr, "there is no such folder")
  }, 60_000)

  it("refuses an encoder of stages that were given in code, and says where it is measured", async () => {
    const folder = writeRun(fresh(), 0.7)
    const weights = { dtype: "F32", shape: [1], data: new Float32Array(1) } as const
    writeFileSync(join(folder, "encoder.safetensors"), encode({ "conv1.weight": weights }))
    writeFileSync(
      join(folder, "environment.json"),
      JSON.stringify({ ownStages: ["augmentation", "dataset"] })
    )
    for (const named of [`--run=${folder}`, `--checkpoint=${folder}/encoder.safetensors`]) {
      const { code, stderr } = await runInProcess("evaluate", named)
      assert.strictEqual(code, 2, stderr)
      assertPlainError(stderr, "stages that were given in code (augmentation, dataset)", "evaluateStored(")
    }
  })

  it("names the evaluation that was meant where one is misspelt", async () => {
    const folder = fresh()
    const trained = await run("train", `--out=${folder}`, ...few, "--set=evaluations.knn=null")
    assert.strictEqual(trained.code, 0, trained.stderr)
    const { code, stderr } = await run("evaluate", `--run=${folder}`, "--evaluations=knn,linaer")
    assert.strictEqual(code, 2)
    assertPlainError(stderr, "linaer is the name of no evaluation", "did you mean linear?")
    const nothing = await run("evaluate", `--run=${folder}`)
    assert.strictEqual(nothing.code, 2)
    assertPlainError(nothing.stderr, "the run names no evaluations")
  }, 120_000)
})
