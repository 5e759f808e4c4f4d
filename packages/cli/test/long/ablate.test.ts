import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { fresh, lastLine, processesOf, recorded, run, start, until } from "../program.ts"

describe("ablate", () => {
  it("goes on where it was interrupted and where it was killed, and repeats no finished run", async () => {
    const folder = fresh()
    const args = ["ablate", "--study=smoke", "--json", `--out=${folder}`]
    const first = start(args)
    await until(() => recorded(folder).length >= 1)
    first.child.kill("SIGINT")
    const interrupted = await first.ended
    assert.strictEqual(interrupted.code, 130, interrupted.stderr)
    assert.include(interrupted.stdout, "stopped; the same command goes on with what is left")
    const afterFirst = recorded(folder)
    assert.isBelow(afterFirst.length, 6)
    assert.deepStrictEqual(processesOf(folder), [])

    const second = start(args)
    await until(() => recorded(folder).length > afterFirst.length)
    second.child.kill("SIGKILL")
    await second.ended
    // Its runs notice that nobody waits for them.
    await until(() => processesOf(folder).length === 0)
    const afterSecond = recorded(folder)
    assert.deepStrictEqual(afterSecond.slice(0, afterFirst.length), afterFirst)

    const last = await run(...args)
    assert.strictEqual(last.code, 0, last.stderr)
    assert.include(last.stdout, `6 runs, of which ${afterSecond.length} are done already`)
    const all = recorded(folder)
    assert.deepStrictEqual(all.slice(0, afterSecond.length), afterSecond)
    assert.strictEqual(new Set(all.map(({ trial }) => trial)).size, 6)
    assert.strictEqual(all.length, 6)

    const result = JSON.parse(lastLine(last.stdout))
    assert.deepStrictEqual(
      result.cells.map((cell: { setting: string; n: number }) => [cell.setting, cell.n]),
      [
        ["mechanism = queue", 2],
        ["mechanism = memory bank", 2],
        ["mechanism = end-to-end", 2]
      ]
    )
    for (const { ci, mean, std } of result.cells) {
      assert.isTrue(mean > 0.1 && mean < 1 && std >= 0 && ci[0] <= mean && mean <= ci[1])
    }
    for (const file of [
      "report.md",
      "cells.csv",
      "cells.json",
      "metric.svg",
      "metric.png",
      "epochs.svg",
      "epochs.png",
      "metric-dark.svg",
      "metric-dark.png",
      "epochs-dark.svg",
      "epochs-dark.png"
    ]) {
      assert.isAbove(readFileSync(join(folder, "report", file)).length, 100, file)
    }

    const again = await run(...args)
    assert.deepStrictEqual(JSON.parse(lastLine(again.stdout)), result)
    assert.strictEqual(recorded(folder).length, 6)
    // Half a minute on a quiet machine.
  }, 600_000)
})
