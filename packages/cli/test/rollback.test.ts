import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { assertPlainError, checkpointsOf, fresh, run, start, stepsOf } from "./program.ts"

/** A run of 16 steps whose rate is so high that its weights overflow in a few of them. */
const diverging = [
  ...["train", "--set", "encoder.layers=[1]", "--set", "encoder.width=4", "--set", "encoder.stem=imagenet"],
  ...["--set", "encoder.featureSize=16", "--set", "backend.threads=1", "--set", "training.batchSize=500"],
  ...["--set", "encoder.batchNormGroups=2", "--set", "dictionary.size=1000", "--epochs=1"],
  ...["--set", "evaluation.neighbours=[20]", "--set", "optimizer.learningRate=1e6"]
]
const everyStep = "--checkpoint-every=1steps"
const back = "--on-nan=rollback"

const files = ["query.safetensors", "optimizer.safetensors", "dictionary.safetensors"]

/** What a run's future depends on, as its newest checkpoint has it, and its losses. */
const endOf = (folder: string) => {
  const newest = join(folder, "checkpoints", checkpointsOf(folder).at(-1)!)
  const hashes = files.map((file) =>
    createHash("sha256")
      .update(readFileSync(join(newest, file)))
      .digest("hex")
  )
  return [newest.slice(folder.length), hashes, stepsOf(folder).map(({ loss, step }) => [step, loss])]
}

/** The numbers of a safetensors file that are none. */
const nonFinite = (file: string) => {
  const bytes = readFileSync(file)
  const headerBytes = Number(bytes.readBigUInt64LE())
  const header = JSON.parse(bytes.toString("utf8", 8, 8 + headerBytes))
  return Object.keys(header).filter((name) => {
    if (header[name].dtype !== "F32") return false
    const [from, to] = header[name].data_offsets.map((offset: number) => 8 + headerBytes + offset)
    for (let at = from; at < to; at += 4) if (!Number.isFinite(bytes.readFloatLE(at))) return true
    return false
  })
}

const numReturns = (text: string) => text.split(" goes on after step ").length - 1

describe("a run that diverges", () => {
  it("goes back, to its beginning where nothing else helps, and ends the same however often it is killed or stopped", async () => {
    const whole = fresh()
    const { code, stderr, stdout } = await run(...diverging, everyStep, back, `--out=${whole}`)
    assert.strictEqual(code, 0, stderr)
    assert.include(stdout, "goes on after step 0 at ")
    assert.deepStrictEqual(nonFinite(join(whole, "encoder.safetensors")), [])

    const killed = fresh()
    let last = start([...diverging, everyStep, back, `--out=${killed}`])
    let numKilled = 0
    for (let kills = 0; kills < 3; kills++) {
      // At a moment after a return, another one every time: before it is on disk, while it is, and after it.
      const { child } = last
      child.stdout.on("data", () => {
        if (numReturns(last.output()) > 0) setTimeout(() => child.kill("SIGKILL"), 40 * kills)
      })
      if ((await last.ended).code === 0) break
      numKilled++
      last = start(["train", `--resume=${killed}`, everyStep, back])
    }
    await last.ended
    assert.isAbove(numKilled, 0)
    const resumed = await run("train", `--resume=${killed}`, everyStep, back)
    assert.oneOf(resumed.code, [0, 6], resumed.stderr)
    assert.deepStrictEqual(endOf(killed), endOf(whole))

    const stopped = fresh()
    const first = await run(...diverging, everyStep, `--out=${stopped}`)
    assert.strictEqual(first.code, 5, first.stderr)
    assertPlainError(first.stderr, "the next state is ", "--on-nan=rollback")
    const failedStep = Number(/in step (\d+)/.exec(first.stderr)![1])
    const names = readdirSync(join(stopped, "checkpoints")).toSorted()
    assert.deepStrictEqual(
      names.map((name) => [Number.parseInt(name, 10), name.endsWith(".failed")]),
      [
        [failedStep - 1, false],
        [failedStep, true]
      ]
    )
    const again = await run("train", `--resume=${stopped}`, everyStep, back)
    assert.strictEqual(again.code, 0, again.stderr)
    assert.deepStrictEqual(endOf(stopped), endOf(whole))
  }, 900_000)

  it("in its first epoch, before there is a checkpoint, begins anew", async () => {
    const folder = fresh()
    const { code, stderr, stdout } = await run(...diverging, back, `--out=${folder}`)
    assert.strictEqual(code, 0, stderr)
    assert.include(stdout, "goes on after step 0 at 0.5 times the learning rate")
    for (const file of files)
      assert.deepStrictEqual(nonFinite(join(folder, "checkpoints", "000000016", file)), [])
  }, 600_000)

  it("in what the features do not show is stopped there, and nothing of it is saved or exported", async () => {
    const folder = fresh()
    const constant = ["--set", "optimizer.schedule.kind=constant", "--set", "optimizer.learningRate=1e7"]
    const large = ["--set", "training.batchSize=2666", "--set", "dictionary.size=2666"]
    const { code, stderr } = await run(...diverging, ...large, ...constant, `--out=${folder}`)
    assert.strictEqual(code, 5, stderr)
    assertPlainError(stderr, "the next state is Infinity at layer1.0.bn1.running_var", "in step 2 ")
    assert.deepStrictEqual(checkpointsOf(folder), [])
    assert.notInclude(readdirSync(folder), "encoder.safetensors")
    // Unlike those, its losses were finite.
    assert.isTrue(stepsOf(folder).every(({ loss }) => Number.isFinite(loss)))
  }, 600_000)
})
