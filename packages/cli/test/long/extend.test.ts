import { readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import {
  assertPlainError,
  checkpointsOf,
  fresh,
  jsonLines,
  run,
  sha256,
  start,
  stateOf,
  stepsOf,
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

/** What a run's future depends on, and the encoder that came of it. */
const endOf = (folder: string) => [...stateOf(folder), sha256(join(folder, "encoder.safetensors"))]

const eventsOf = (folder: string, event: string) =>
  jsonLines(join(folder, "metrics.jsonl")).filter((line) => line.event === event)

const epochsOf = (folder: string) =>
  JSON.parse(readFileSync(join(folder, "config.json"), "utf8")).training.epochs

describe("a run that is trained longer", () => {
  it("is to the bit the run that was long from the start, and goes from one config to the other when killed", async () => {
    const [whole, folder] = [fresh(), fresh()]
    assert.strictEqual((await run(...tiny(2), `--out=${whole}`)).code, 0)
    assert.strictEqual((await run(...tiny(1), `--out=${folder}`)).code, 0)
    const short = endOf(folder)

    const refused = await run("train", `--resume=${folder}`)
    assert.strictEqual(refused.code, 6)
    assertPlainError(refused.stderr, "has reached its end", `--resume=${folder} --epochs=N, N above 1`)

    // Killed before it is said, when it is said, and when a step was taken.
    const longer = ["train", `--resume=${folder}`, "--epochs=2", "--json"]
    for (const words of ["run folder:", "training.epochs was 1 and is 2", "training.epochs was 1 and is 2"]) {
      const killed = start(longer)
      await until(() => killed.output().includes(words))
      if (words.startsWith("training")) await until(() => epochsOf(folder) === 2)
      killed.child.kill("SIGKILL")
      await killed.ended
      const manifest = readFileSync(
        join(folder, "checkpoints", checkpointsOf(folder).at(-1)!, "manifest.jsonl"),
        "utf8"
      )
      assert.include(["1", "2"], /"epochs":(\d)/.exec(manifest)![1])
      if (words.startsWith("training")) break
      assert.deepStrictEqual(endOf(folder), short)
    }
    // The checkpoint carries the new config, so the rest needs no flag.
    const last = await run("train", `--resume=${folder}`, "--json")
    assert.strictEqual(last.code, 0, last.stderr)
    assert.deepStrictEqual(endOf(folder), endOf(whole))
    assert.deepStrictEqual(
      stepsOf(folder).map(({ loss, step }) => [step, loss]),
      stepsOf(whole).map(({ loss, step }) => [step, loss])
    )
    const [change, ...more] = eventsOf(folder, "configChanged")
    assert.deepStrictEqual(more, [])
    assert.deepInclude(change, {
      step: 16,
      changes: [{ path: "training.epochs", before: "1", now: "2" }],
      schedule: "constant",
      learningRate: { before: 0.12, now: 0.12 }
    })
    assert.strictEqual(eventsOf(folder, "finished").length, 1)
    assert.strictEqual(epochsOf(folder), 2)

    const less = await run("train", `--resume=${folder}`, "--epochs=1")
    assert.strictEqual(less.code, 2)
    assertPlainError(less.stderr, "training.epochs = 1: is less than the 2 epochs", "give 2 or more")
  }, 600_000)

  it("has the encoder of its new end, also where it was killed between the log's last line and the encoder", async () => {
    const folder = fresh()
    assert.strictEqual((await run(...tiny(1), `--out=${folder}`)).code, 0)
    const old = sha256(join(folder, "encoder.safetensors"))
    const extended = start(["train", `--resume=${folder}`, "--epochs=2"])
    await until(() => stepsOf(folder).length > 17)
    // The old one stays until there is another.
    assert.strictEqual(sha256(join(folder, "encoder.safetensors")), old)
    assert.strictEqual((await extended.ended).code, 0)
    const right = sha256(join(folder, "encoder.safetensors"))
    assert.notStrictEqual(right, old)
    rmSync(join(folder, "encoder.safetensors"))
    assert.strictEqual((await run("train", `--resume=${folder}`)).code, 0)
    assert.strictEqual(sha256(join(folder, "encoder.safetensors")), right)
  }, 600_000)
})

describe("a run that begins with given weights", () => {
  it("needs them no more once it has begun, and is another run than one with other weights", async () => {
    const [source, folder, whole] = [fresh(), fresh(), fresh()]
    assert.strictEqual((await run(...tiny(1), `--out=${source}`)).code, 0)
    const from = `${whole}.safetensors`
    writeFileSync(from, readFileSync(join(source, "encoder.safetensors")))
    const given = ["--seed=2", `--init-from=${from}`, "--checkpoint-every=never"]
    const complete = await run(...tiny(1), ...given, `--out=${whole}`)
    assert.strictEqual(complete.code, 0, complete.stderr)
    assert.include(complete.stdout, `begins with 17 tensors of ${from} (head included)`)

    const killed = start([...tiny(1), ...given, `--out=${folder}`])
    await until(() => stepsOf(folder).length > 2)
    killed.child.kill("SIGKILL")
    await killed.ended
    assert.deepStrictEqual(checkpointsOf(folder), [])
    const seeds = await run(...tiny(1), "--seed=2", `--out=${folder}`)
    assert.strictEqual(seeds.code, 2)
    assertPlainError(
      seeds.stderr,
      `has begun with other weights, those of ${from}, and was given those of its seed`
    )
    rmSync(from)
    const resumed = await run("train", `--resume=${folder}`)
    assert.strictEqual(resumed.code, 0, resumed.stderr)
    assert.deepStrictEqual(endOf(folder), endOf(whole))

    const [event] = eventsOf(folder, "initialised")
    const { sha256: hash, source: named, taken } = event
    const expected = sha256(join(source, "encoder.safetensors"))
    assert.deepStrictEqual([named, hash, taken], [from, expected, 17])
    const both = await run("train", `--resume=${folder}`, `--init-from=${source}`)
    assert.strictEqual(both.code, 2)
    assertPlainError(both.stderr, `--resume=${folder} and --init-from=${source}`)
  }, 600_000)

  it("is not begun where they were damaged in its folder", async () => {
    const [source, folder] = [fresh(), fresh()]
    assert.strictEqual((await run(...tiny(1), `--out=${source}`)).code, 0)
    const killed = start([...tiny(1), `--init-from=${source}`, "--checkpoint-every=never", `--out=${folder}`])
    await until(() => stepsOf(folder).length > 0)
    killed.child.kill("SIGKILL")
    await killed.ended
    const file = join(folder, "initial.safetensors")
    const bytes = readFileSync(file)
    bytes[bytes.length - 2]! ^= 1
    writeFileSync(file, bytes)
    const { code, stderr } = await run("train", `--resume=${folder}`)
    assert.strictEqual(code, 4, stderr)
    assertPlainError(stderr, `${file}: its hash does not fit its content`)
  }, 600_000)
})
