import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { smoke } from "@moco/study/studies/smoke"
import { runInProcess } from "./inProcess.ts"
import { assertPlainError, fresh } from "./program.ts"
import { writeRun } from "./writtenRun.ts"

describe("moco report", () => {
  it("writes a run's page into its folder, with the commands that take it again and go on", async () => {
    const folder = writeRun(join(fresh(), "mine 1"), 0.7)
    const { code, stdout, stderr } = await runInProcess("report", folder)
    assert.strictEqual(code, 0, stderr)
    assert.strictEqual(stdout, join(folder, "report.html"))
    const html = readFileSync(join(folder, "report.html"), "utf8")
    for (const text of [
      "<title>Run mine 1</title>",
      "raw pixels",
      "kNN accuracy (k = 200), %",
      `npx moco train --resume=&#39;${folder}&#39;`,
      `--config=&#39;${folder}/config.json&#39;`
    ]) {
      assert.include(html, text)
    }
  })

  it("compares several runs, where it is told to", async () => {
    const parent = fresh()
    const runs = ["a", "b"].map((name, i) => writeRun(join(parent, name), 0.6 + 0.05 * i))
    const out = join(parent, "pages", "both.html")
    const { code, stderr, stdout } = await runInProcess("report", ...runs, `--out=${out}`)
    assert.strictEqual(code, 0, stderr)
    assert.strictEqual(stdout, out)
    const html = readFileSync(out, "utf8")
    assert.include(html, "<title>2 runs compared</title>")
    assert.include(html, "65.1 ★")
    assert.include(html, "Their configs are the same")
  })

  it("writes a study's page, also of one without a finished run", async () => {
    const folder = fresh()
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, "study.json"), JSON.stringify(smoke()))
    writeFileSync(join(folder, "trials.jsonl"), "")
    const { code, stderr, stdout } = await runInProcess("report", folder)
    assert.strictEqual(code, 0, stderr)
    assert.strictEqual(stdout, join(folder, "report", "report.html"))
    const html = readFileSync(stdout, "utf8")
    assert.include(html, "<title>Study smoke</title>")
    assert.include(html, "0 of 6 runs completed")
  })

  it("refuses what is no run, and a place that cannot be written, in words", async () => {
    const folder = writeRun(join(fresh(), "run"), 0.7)
    const none = await runInProcess("report", dirname(folder))
    assert.strictEqual(none.code, 3, none.stderr)
    assertPlainError(none.stderr, "cannot be drawn: it has no config.json", "give the folder of a run")
    const out = join(folder, "config.json", "report.html")
    const unwritable = await runInProcess("report", folder, `--out=${out}`)
    assert.strictEqual(unwritable.code, 6, unwritable.stderr)
    assertPlainError(unwritable.stderr, out, "cannot be written")
    assert.isFalse(existsSync(out))
    const empty = await runInProcess("report", "")
    assert.strictEqual(empty.code, 2)
  })
})
