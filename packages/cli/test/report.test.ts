import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { schemes } from "@moco/report/charts/inline/style"
import { smoke } from "@moco/study/studies/smoke"
import * as FolderLock from "@moco/train/FolderLock"
import { Effect } from "effect"
import { runInProcess } from "./inProcess.ts"
import { assertPlainError, fresh, run as runProgram, tinyRun } from "./program.ts"
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
    for (const run of runs) assert.include(html, `--config=${run}/config.json`)
  })

  it("writes the plots of the page into a folder, and prints the page last", async () => {
    const folder = writeRun(join(fresh(), "mine"), 0.7)
    const plots = join(fresh(), "plots")
    const { code, stderr, stdout } = await runInProcess("report", folder, `--plots=${plots}`, "--ground=dark")
    assert.strictEqual(code, 0, stderr)
    assert.deepStrictEqual(stdout.split("\n"), [
      `${readdirSync(plots).length / 2} plots in ${plots}`,
      join(folder, "report.html")
    ])
    assert.includeMembers(readdirSync(plots), ["loss-by-epoch.svg", "loss-by-epoch.png"])
    assert.include(readFileSync(join(plots, "loss-by-epoch.svg"), "utf8"), schemes.dark["card"]!)
  })

  it("refuses a ground without plots, and plots of a study", async () => {
    const lonely = await runInProcess("report", writeRun(join(fresh(), "mine"), 0.7), "--ground=dark")
    assert.strictEqual(lonely.code, 2)
    assertPlainError(lonely.stderr, "--ground=dark", "give --plots=DIR too")
    const study = fresh()
    mkdirSync(study, { recursive: true })
    writeFileSync(join(study, "study.json"), JSON.stringify(smoke()))
    const refused = await runInProcess("report", study, "--plots=here")
    assert.strictEqual(refused.code, 2)
    assertPlainError(refused.stderr, "--plots=here", "as SVG and PNG", "name a run of the study")
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

  it("looks at the encoder of a run that was not looked at, and tells which command does", async () => {
    const folder = fresh()
    const trained = await runProgram("train", `--out=${folder}`, "--no-report", ...tinyRun({ epochs: 1 }))
    assert.strictEqual(trained.code, 0, trained.stderr)
    const page = () => readFileSync(join(folder, "report.html"), "utf8")
    await runInProcess("report", folder)
    assert.include(page(), `This makes it: <code>npx moco report ${folder} --inspect</code>`)
    assert.notInclude(page(), "Map of the features")

    const looked = await runProgram("report", folder, "--inspect")
    assert.strictEqual(looked.code, 0, looked.stderr)
    assert.strictEqual(looked.stdout.trimEnd(), join(folder, "report.html"))
    assert.match(
      looked.stderr,
      /^looking at what .*query\.safetensors after 40 steps makes of images of \S+ \.\.\.$/m
    )
    assert.include(page(), "Map of the features")
    assert.include(page(), "The trained encoder after step 40")
    assert.notInclude(page(), "--inspect")

    const lock = FolderLock.hold(join(folder, "run.lock"))
    const locked = Effect.andThen(
      lock,
      Effect.promise(() => runInProcess("report", folder, "--inspect"))
    )
    const held = await Effect.runPromise(Effect.provide(Effect.scoped(locked), NodeServices.layer))
    assert.strictEqual(held.code, 6, held.stderr)
    assertPlainError(held.stderr, "is not inspected: process", "wait until it has ended")

    // Without its checkpoints it is of the images that its config names.
    rmSync(join(folder, "checkpoints"), { recursive: true })
    const config = JSON.parse(readFileSync(join(folder, "config.json"), "utf8"))
    config.data.name = "fashion-mnist"
    writeFileSync(join(folder, "config.json"), JSON.stringify(config))
    const nowhere = join(folder, "checkpoints")
    mkdirSync(nowhere)
    const missing = await runInProcess("report", folder, "--inspect", `--data-dir=${nowhere}`)
    assert.strictEqual(missing.code, 3, missing.stderr)
    assertPlainError(missing.stderr, "fashion-mnist", nowhere, "npx moco data fetch fashion-mnist")
  }, 240_000)

  it("looks at one run alone, and reads images for nothing else", async () => {
    const folder = writeRun(join(fresh(), "run"), 0.7)
    const several = await runInProcess("report", folder, join(folder, ".."), "--inspect")
    assert.strictEqual(several.code, 2)
    assertPlainError(several.stderr, "--inspect", "looks at the encoder of one run")
    const unread = await runInProcess("report", folder, `--data-dir=${folder}`)
    assert.strictEqual(unread.code, 2)
    assertPlainError(unread.stderr, "a report reads no images", "--inspect")
    const none = await runInProcess("report", folder, "--inspect")
    assert.strictEqual(none.code, 3)
    assertPlainError(none.stderr, "it has no checkpoint, and has exported no encoder")
  })

  it("refuses what would fail at its end before it looks at the encoder", async () => {
    const folder = writeRun(join(fresh(), "run"), 0.7)
    const place = join(folder, "config.json", "there")
    for (const flag of [`--out=${place}`, `--out=${folder}`, `--plots=${place}`]) {
      const refused = await runInProcess("report", folder, "--inspect", flag)
      assert.strictEqual(refused.code, 6, refused.stderr)
      assertPlainError(refused.stderr, "cannot be written")
    }
    writeFileSync(join(folder, "metrics.jsonl"), "")
    const stepless = await runInProcess("report", folder, "--inspect")
    assert.strictEqual(stepless.code, 3)
    assertPlainError(stepless.stderr, "its log has no step")
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
