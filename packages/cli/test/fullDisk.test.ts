import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import {
  assertPlainError,
  checkpointsOf,
  fresh,
  reported,
  run,
  start,
  startInShell,
  stepsOf,
  tinyRun,
  until
} from "./program.ts"

/** Starts the program where no file may grow beyond `kibibytes`: the system refuses the write that would. */
const startWithLimit = (kibibytes: number, ...args: ReadonlyArray<string>) => {
  const script = `trap '' XFSZ; ulimit -f ${kibibytes}; exec "$@"`
  return startInShell(script, args)
}

describe("a disk without room", () => {
  it("while saving stops the run with 6, leaves no part of a checkpoint, and keeps the ones before", async () => {
    const folder = fresh()
    const first = start(["train", ...tinyRun({ epochs: 2 }), "--checkpoint-every=5steps", `--out=${folder}`])
    await until(() => checkpointsOf(folder).length >= 2)
    first.child.kill("SIGTERM")
    await first.ended
    const before = checkpointsOf(folder)
    const { code, stderr } = await startWithLimit(
      40,
      "train",
      `--resume=${folder}`,
      "--checkpoint-every=5steps"
    ).ended
    assert.strictEqual(code, 6, stderr)
    assertPlainError(stderr, join(folder, "checkpoints"), "cannot be written", "the file is too large")
    assert.deepStrictEqual(readdirSync(join(folder, "checkpoints")).sort(), before)
    const resumed = await run("train", `--resume=${folder}`)
    assert.strictEqual(resumed.code, 0, resumed.stderr)
    assert.include(resumed.stdout, `goes on after step ${Number(before.at(-1))}\n`)
  })

  it("while logging stops the run with 6, keeps the checkpoints whole, and the run goes on with room", async () => {
    const folder = fresh()
    // So small that its checkpoints find room.
    const small = ["--set=dictionary.size=64", "--set=encoder.width=4"]
    const args = [...tinyRun({ epochs: 2 }), ...small, "--checkpoint-every=5steps"]
    const { code, stderr } = await startWithLimit(16, "train", ...args, `--out=${folder}`).ended
    assert.strictEqual(code, 6, stderr)
    assertPlainError(stderr, join(folder, "metrics.jsonl"), "cannot be written", "the file is too large")
    const taken = stepsOf(folder).length
    assert.isAbove(taken, 5)
    assert.isAbove(checkpointsOf(folder).length, 0)
    // The line that found no room has left nothing behind.
    assert.strictEqual(readFileSync(join(folder, "metrics.jsonl"), "utf8").at(-1), "\n")
    const resumed = await run("train", `--resume=${folder}`)
    assert.strictEqual(resumed.code, 0, resumed.stderr)
    assert.deepStrictEqual(
      stepsOf(folder).map(({ step }) => step),
      Array.from({ length: 80 }, (_, step) => step)
    )
  })

  it("that has no room for the report says so with 6 in the end, and all of the run is there", async () => {
    const folder = fresh()
    const args = [...tinyRun({ epochs: 1 }), "--set=dictionary.size=64", "--set=encoder.width=4", reported]
    const { code, stderr, stdout } = await startWithLimit(24, "train", ...args, `--out=${folder}`).ended
    assert.strictEqual(code, 6, stderr)
    assertPlainError(stderr, join(folder, "report.html"), "cannot be written", "the file is too large")
    assert.include(stdout, "trained 40 steps")
    assert.notInclude(stdout, "report:")
    assert.isTrue(existsSync(join(folder, "encoder.safetensors")))
    assert.isFalse(existsSync(join(folder, "report.html")))
    const later = await run("report", folder)
    assert.strictEqual(later.code, 0, later.stderr)
    assert.isTrue(existsSync(join(folder, "report.html")))
  })

  it("where a run is stopped that has saved nothing yet: exit code 6, what was lost, and no promise to go on", async () => {
    const folder = fresh()
    const args = [...tinyRun({ epochs: 400 }), "--checkpoint-every=never", `--out=${folder}`]
    const { child, ended } = startWithLimit(16, "train", ...args)
    await until(() => stepsOf(folder).length > 3)
    child.kill("SIGINT")
    const { code, stderr, stdout } = await ended
    assert.strictEqual(code, 6, stderr)
    assertPlainError(stderr, join(folder, "checkpoints"), "cannot be written", "the file is too large")
    assertPlainError(stderr, join(folder, "encoder.safetensors"))
    assert.include(stdout, "there is nothing to go on from")
    assert.notInclude(stdout, "--resume")
    assert.deepStrictEqual(checkpointsOf(folder), [])
  })
})
