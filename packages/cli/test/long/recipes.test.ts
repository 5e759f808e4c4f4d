import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { fresh, start, stepsOf, until } from "../program.ts"

/** CIFAR-10 unpacked, to the byte as it is published but for what its images show: six files of 10,000 rows. */
const cifar10 = () => {
  const root = join(fresh(), "..", "sets")
  const folder = join(root, "cifar10", "cifar-10-batches-bin")
  mkdirSync(folder, { recursive: true })
  const rowSize = 1 + 3 * 32 * 32
  const rows = new Uint8Array(10_000 * rowSize)
  for (let at = 0; at < rows.length; at++) rows[at] = at % rowSize === 0 ? at % 10 : (at * 7) % 251
  for (const name of [
    "data_batch_1",
    "data_batch_2",
    "data_batch_3",
    "data_batch_4",
    "data_batch_5",
    "test_batch"
  ]) {
    writeFileSync(join(folder, `${name}.bin`), rows)
  }
  return root
}

describe("the recipes of CIFAR-10", () => {
  for (const recipe of ["cifar10", "cifar10V2", "cifar10InstDisc"]) {
    it(`${recipe} starts on the files as they are published, in a smaller network, and can be stopped`, async () => {
      const [data, out] = [cifar10(), fresh()]
      const run = start([
        ...["train", `--recipe=${recipe}`, `--data-dir=${data}`, `--out=${out}`],
        ...["--set", "encoder.layers=[1]", "--set", "encoder.width=16", "--set", "evaluations.knn=null"],
        ...["--set", "training.batchSize=64"]
      ])
      await until(() => stepsOf(out).length >= 3)
      run.child.kill("SIGINT")
      const { code, stdout } = await run.ended
      assert.strictEqual(code, 130, stdout)
      assert.include(stdout, `${recipe}, seed 1: 50000 images of cifar10`)
      assert.isTrue(stepsOf(out).every(({ loss }) => Number.isFinite(loss)))
    })
  }
})
