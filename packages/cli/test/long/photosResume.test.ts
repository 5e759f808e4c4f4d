import { renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { photos, picture, tiny } from "../photographs.ts"
import { assertPlainError, checkpointsOf, fresh, run, start, stateOf, until } from "../program.ts"

describe("a run on a folder of pictures", () => {
  it("goes on to the bit after a kill, wherever it lies by then, and not where a picture was added", async () => {
    const data = await photos(["cats", "dogs"], 24, { "cats/bad.png": "no picture" })
    const whole = fresh()
    const args = ["train", `--data=${data}`, ...tiny, "--max-bad=0.1"]
    const uninterrupted = await run(...args, `--out=${whole}`)
    assert.strictEqual(uninterrupted.code, 0, uninterrupted.stderr)
    const folder = fresh()
    const first = start([...args, "--checkpoint-every=3steps", `--out=${folder}`])
    await until(() => checkpointsOf(folder).length >= 1)
    first.child.kill("SIGKILL")
    await first.ended
    const moved = `${data}-moved`
    renameSync(data, moved)
    const again = ["train", `--resume=${folder}`, "--set", `data.files.path=${moved}`]

    writeFileSync(join(moved, "cats/zzz.png"), await picture(7).png().toBuffer())
    const other = await run(...again)
    assert.strictEqual(other.code, 2, other.stdout)
    assertPlainError(
      other.stderr,
      "the training images of photos-moved was",
      "put the files back as they were"
    )
    rmSync(join(moved, "cats/zzz.png"))

    const last = await run(...again)
    assert.strictEqual(last.code, 0, last.stderr)
    assert.deepStrictEqual(stateOf(folder), stateOf(whole))
  }, 300_000)
})
