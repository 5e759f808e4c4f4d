import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { assertPlainError, checkpointsOf, fresh, run, start, tinyRun, until } from "./program.ts"

const tiny = ["train", ...tinyRun({ epochs: 2 }), "--json"]

describe("a stopped run", () => {
  it("uses the newest good checkpoint where one is damaged, names the file, and says when bits may differ", async () => {
    const folder = fresh()
    const first = start([...tiny, "--checkpoint-every=5steps", `--out=${folder}`])
    await until(() => checkpointsOf(folder).length >= 2)
    first.child.kill("SIGKILL")
    await first.ended
    const [older, newest] = checkpointsOf(folder).slice(-2)
    const file = join(folder, "checkpoints", newest!, "dictionary.safetensors")
    const bytes = readFileSync(file)
    bytes[bytes.length - 9]! ^= 4
    writeFileSync(file, bytes)
    const { code, stderr, stdout } = await run("train", `--resume=${folder}`, "--set", "backend.threads=1")
    assert.strictEqual(code, 0, stderr)
    assert.include(stdout, `goes on after step ${Number(older)}\n`)
    assert.include(stderr, `${file} is damaged`)
    assert.include(stderr, "threads was 2 and is 1: the run goes on, and its last bits may differ")
  })

  it("is refused with another config, with every difference, and as a second process", async () => {
    const folder = fresh()
    const first = start([
      "train",
      ...tinyRun({ epochs: 500 }),
      "--checkpoint-every=5steps",
      `--out=${folder}`
    ])
    await until(() => checkpointsOf(folder).length >= 1)
    const second = await run("train", `--resume=${folder}`)
    assert.strictEqual(second.code, 6)
    assertPlainError(second.stderr, `process ${first.child.pid}`)
    first.child.kill("SIGINT")
    assert.strictEqual((await first.ended).code, 130)
    const changed = await run("train", `--resume=${folder}`, "--set", "loss.temperature=0.3", "--seed=9")
    assert.strictEqual(changed.code, 2)
    assertPlainError(changed.stderr, "loss.temperature was 0.1 and is 0.3", "seed was 1 and is 9")
  })

  it("whose checkpoints are all damaged is refused with 4, and nothing of it is touched", async () => {
    const folder = fresh()
    const first = start([...tiny, "--checkpoint-every=5steps", `--out=${folder}`])
    await until(() => checkpointsOf(folder).length >= 1)
    first.child.kill("SIGKILL")
    await first.ended
    const names = checkpointsOf(folder)
    for (const name of names) writeFileSync(join(folder, "checkpoints", name, "query.safetensors"), "torn")
    const log = readFileSync(join(folder, "metrics.jsonl"), "utf8")
    const { code, stderr } = await run("train", `--resume=${folder}`)
    assert.strictEqual(code, 4, stderr)
    assertPlainError(
      stderr,
      `none of the ${names.length} checkpoints`,
      "query.safetensors is damaged",
      "--out"
    )
    assert.strictEqual(readFileSync(join(folder, "metrics.jsonl"), "utf8"), log)
    assert.deepStrictEqual(checkpointsOf(folder), names)
  })

  it("takes no recipe, config or folder beside --resume: that is refused with 2", async () => {
    const { code, stderr } = await run("train", "--resume=runs/a", "--recipe=fashionMnistQuick")
    assert.strictEqual(code, 2)
    assertPlainError(stderr, "--resume=runs/a and --recipe=fashionMnistQuick", "leave --recipe away")
  })

  it("that is not there is refused with 3 and says what to give", async () => {
    const nowhere = await run("train", "--resume=/nowhere")
    assert.strictEqual(nowhere.code, 3)
    assertPlainError(nowhere.stderr, "/nowhere", "no such folder")
    const empty = fresh()
    mkdirSync(empty)
    const nothing = await run("train", `--resume=${empty}`)
    assert.strictEqual(nothing.code, 3)
    assertPlainError(nothing.stderr, empty, "no run log")
  })

  it("has checkpoints by steps, epochs and minutes only: other words are refused with 2", async () => {
    const { code, stderr } = await run(...tiny, "--checkpoint-every=5parsecs")
    assert.strictEqual(code, 2)
    assertPlainError(stderr, "5parsecs", "500steps")
  })
})
