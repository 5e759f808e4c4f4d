import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"

it("the project's own ops compute the same bits on any number of threads", () => {
  const program = join(import.meta.dirname, "bitsByThreads.ts")
  const bitsOn = (threads: number) =>
    execFileSync(process.execPath, [program, String(threads)], {
      encoding: "utf8",
      env: { ...process.env, TF_NUM_INTRAOP_THREADS: String(threads), TF_CPP_MIN_LOG_LEVEL: "2" }
    })
  const one = bitsOn(1)
  assert.match(one, /^with own ops: [0-9a-f]{64}\n$/)
  assert.strictEqual(bitsOn(2), one)
  assert.strictEqual(bitsOn(5), one)
})
