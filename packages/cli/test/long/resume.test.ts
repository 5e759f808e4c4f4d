import { assert, describe, it } from "@effect/vitest"
import {
  assertPlainError,
  checkpointsOf,
  fresh,
  lastLine,
  run,
  start,
  stateOf,
  stepsOf,
  tinyRun,
  until
} from "../program.ts"

const tiny = ["train", ...tinyRun({ epochs: 2 }), "--json"]

/** The losses in a run log, by step. */
const lossesOf = (folder: string) => stepsOf(folder).map(({ loss, step }) => [step, loss])

describe("a stopped run", () => {
  it("goes on to the bit after a kill, a signal and another kill, through --resume and through --out", async () => {
    const whole = fresh()
    const uninterrupted = await run(...tiny, `--out=${whole}`)
    assert.strictEqual(uninterrupted.code, 0, uninterrupted.stderr)
    const folder = fresh()

    const first = start([...tiny, "--checkpoint-every=7steps", `--out=${folder}`])
    await until(() => checkpointsOf(folder).length >= 2)
    first.child.kill("SIGKILL")
    await first.ended

    const second = start(["train", `--resume=${folder}`, "--checkpoint-every=5steps"])
    await until(() => second.output().includes("goes on after step"))
    const before = checkpointsOf(folder).at(-1)!
    await until(() => checkpointsOf(folder).at(-1)! > before)
    second.child.kill("SIGTERM")
    assert.strictEqual((await second.ended).code, 143)

    const third = start([...tiny, "--checkpoint-every=3steps", `--out=${folder}`])
    await until(() => third.output().includes("goes on after step"))
    third.child.kill("SIGKILL")
    await third.ended

    const last = await run("train", `--resume=${folder}`, "--json")
    assert.strictEqual(last.code, 0, last.stderr)
    assert.deepStrictEqual(stateOf(folder), stateOf(whole))
    assert.deepStrictEqual(lossesOf(folder), lossesOf(whole))
    const [result, expected] = [last, uninterrupted].map(({ stdout }) => JSON.parse(lastLine(stdout)))
    assert.deepStrictEqual(result.measurements, expected.measurements)
    assert.strictEqual(result.numSteps, 80)

    const again = await run("train", `--resume=${folder}`)
    assert.strictEqual(again.code, 6)
    assertPlainError(again.stderr, folder, "a run that has reached its end")
  }, 600_000)
})
