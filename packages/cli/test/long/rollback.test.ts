import { readdirSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { back, diverging, nonFinite } from "../diverging.ts"
import { assertPlainError, checkpointsOf, fresh, run, start, stateOf, stepsOf } from "../program.ts"

const everyStep = "--checkpoint-every=1steps"

/** What a run's future depends on, as its newest checkpoint has it, and its losses. */
const endOf = (folder: string) => [
  checkpointsOf(folder).at(-1),
  stateOf(folder),
  stepsOf(folder).map(({ loss, step }) => [step, loss])
]

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
})
