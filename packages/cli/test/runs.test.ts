import { appendFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { forbidden } from "@moco/core/testing"
import { knnAccuracy } from "@moco/evaluation/Evaluation/Knn"
import { measured } from "@moco/evaluation/Measurement"
import { RunComparison } from "@moco/report/runs/comparison"
import { RunDetails } from "@moco/report/runs/details"
import { RunList } from "@moco/report/runs/list"
import * as FolderLock from "@moco/train/FolderLock"
import { Effect } from "effect"
import { decode, runInProcess } from "./inProcess.ts"
import { assertPlainError, fresh, lastLine, run as runProgram, tinyRun } from "./program.ts"
import { writeFinishedRun } from "./writtenRun.ts"

describe("moco runs list", () => {
  it("has a row for each run, a damaged one too, and ends well", async () => {
    const root = fresh()
    writeFinishedRun(join(root, "mine-1"))
    appendFileSync(join(writeFinishedRun(join(root, "mine-2")), "metrics.jsonl"), "no event\n")
    const { code, stderr, stdout } = await runInProcess("runs", "list", root)
    assert.strictEqual(code, 0, stderr)
    assert.match(
      stdout,
      /^mine-1 +fashionMnistQuick +1 +finished +2\/2 +8 +2026-01-01 00:00 +70\.0 % +77\.0 % +0:04$/m
    )
    assert.match(stdout, /^mine-2 .* damaged .*\n {4}metrics\.jsonl: /m)
    const found = decode(RunList, (await runInProcess("runs", "list", root, "--json", "--sort=name")).stdout)
    assert.deepStrictEqual(
      found.runs.map(({ name, state }) => [name, state]),
      [
        ["mine-1", "finished"],
        ["mine-2", "damaged"]
      ]
    )
  })

  it("says that a run is being trained, and by whom", async () => {
    const root = fresh()
    const folder = writeFinishedRun(join(root, "mine"))
    const listed = Effect.andThen(
      FolderLock.hold(join(folder, "run.lock")),
      Effect.promise(() => runInProcess("runs", "list", root))
    )
    const { stdout } = await Effect.runPromise(Effect.provide(Effect.scoped(listed), NodeServices.layer))
    assert.match(stdout, /^mine .* running /m)
    assert.include(stdout, `process ${process.pid} works in it`)
    assert.match((await runInProcess("runs", "list", root)).stdout, /^mine .* finished /m)
  })

  it("of a folder without runs says so, and refuses one that is not there", async () => {
    const root = fresh()
    mkdirSync(root)
    const { code, stdout } = await runInProcess("runs", "list", root)
    assert.deepStrictEqual([code, stdout], [0, `there is no run below ${root}: npx moco train makes one`])
    const missing = await runInProcess("runs", "list", `${root}/nope`)
    assert.strictEqual(missing.code, 3)
    assertPlainError(missing.stderr, "there is no such folder")
  })
})

describe("moco runs show", () => {
  it("tells what was run, what came out, which files there are, and how to repeat it", async () => {
    const folder = writeFinishedRun(fresh())
    writeFileSync(join(folder, "notes\u001b[2J.txt"), "mine")
    writeFileSync(
      join(folder, "environment.json"),
      JSON.stringify({ threads: 3, cpu: { model: "a processor" } })
    )
    const { code, stderr, stdout } = await runInProcess("runs", "show", folder)
    assert.strictEqual(code, 0, stderr)
    for (const line of [
      /: fashionMnistQuick, seed 1\nfinished\n2 of 2 epochs, 8 of 8 steps; 0:04 of training; 0:01 of evaluation;/,
      /^ {2}training\.batchSize +800 +\(recipe: 128\)$/m,
      /^kNN accuracy +k = 200 +k = 20\n {2}trained encoder +70\.0 % +70\.0 %\n {2}raw pixels +77\.0 %/m,
      /^ {2}processor +a processor, 3 threads$/m,
      /^ {2}encoder\.safetensors +7 bytes$/m,
      /^ {2}notes\\u001b\[2J\.txt +4 bytes +not a run's$/m,
      /^the same with another seed:\n {2}npx moco train --config=.*\/config\.json --seed=2$/m,
      /^ {2}npx moco train --resume=.* --epochs=4$/m
    ]) {
      assert.match(stdout, line)
    }
    assert.deepStrictEqual(forbidden(stdout.replaceAll("\n", "")), [])
    const details = decode(RunDetails, (await runInProcess("runs", "show", folder, "--json")).stdout)
    assert.strictEqual(details.environment?.threads, 3)
    assert.lengthOf(details.measurements, 4)
  })

  it("tells what was evaluated afterwards, and which lines of that are damaged", async () => {
    const folder = writeFinishedRun(fresh())
    const line = JSON.stringify({
      ...{ time: "2026-02-03T04:05:06.000Z", which: "best", step: 4, weights: "0123456789abcdef" },
      images: { name: "fashion-mnist-10k", sha256: "fedcba9876543210" },
      measurements: [measured(knnAccuracy(5, 0.1), "trained encoder", 0.654)]
    })
    writeFileSync(join(folder, "evaluations.jsonl"), `${line}\n{}\n`)
    const { code, stderr, stdout } = await runInProcess("runs", "show", folder)
    assert.strictEqual(code, 0, stderr)
    assert.match(stdout, /\nfinished\n/)
    assert.match(
      stdout,
      /^evaluated afterwards: the best state, after 4 steps, weights 0123456789ab, images fashion-mnist-10k fedcba987654, measured 2026-02-03 04:05 UTC\nkNN accuracy +k = 5\n {2}trained encoder +65\.4 %$/m
    )
    assert.match(stdout, /^damaged\n {2}evaluations\.jsonl, line 2: /m)
    const details = decode(RunDetails, (await runInProcess("runs", "show", folder, "--json")).stdout)
    assert.deepInclude(details.evaluatedAfterwards[0], {
      which: "best",
      step: 4,
      weights: "0123456789abcdef"
    })
    assert.lengthOf(details.damage, 1)
  })

  it("shows of measurements and names that fill no screen as many and as much as do, and how many more", async () => {
    const folder = writeFinishedRun(fresh())
    const one = measured(knnAccuracy(5, 0.1), "trained encoder", 0.654)
    const long = { ...one, metric: "x".repeat(1_000_000) }
    const many = Array.from({ length: 55_000 }, (_, i) => ({
      ...{ ...one, protocol: "p" },
      metric: `kNN accuracy (k = ${i})`
    }))
    const line = JSON.stringify({
      ...{ time: "2026-02-03T04:05:06.000Z", which: "best", step: 4, weights: "0123456789abcdef" },
      images: { name: "fashion-mnist-10k", sha256: "fedcba9876543210" },
      measurements: [long, ...many]
    })
    writeFileSync(join(folder, "evaluations.jsonl"), `${line}\n`)
    const { code, stderr, stdout } = await runInProcess("runs", "show", folder)
    assert.strictEqual(code, 0, stderr)
    assert.isBelow(stdout.length, 50_000)
    assert.include(stdout, "and 54881 more measurements, in evaluations.jsonl")
  })

  it("shows a run whose files are damaged as far as they can be read", async () => {
    const folder = writeFinishedRun(fresh())
    writeFileSync(join(folder, "config.json"), "{")
    writeFileSync(join(folder, "environment.json"), "[]")
    const { code, stdout } = await runInProcess("runs", "show", folder)
    assert.strictEqual(code, 0)
    assert.match(stdout, /^damaged: the config .* cannot be read/m)
    assert.match(stdout, /^ {2}trained encoder +70\.0 %/m)
    assert.notInclude(stdout, "npx moco train")
  })
})

describe("moco runs compare", () => {
  it("sets runs side by side, those of one setting as a group", async () => {
    const root = fresh()
    const folders = [1, 2].flatMap((seed) => [
      writeFinishedRun(join(root, `a-${seed}`), 0.6 + seed / 100, { seed }),
      writeFinishedRun(join(root, `b-${seed}`), 0.65 + seed / 50, { seed, temperature: 0.2 })
    ])
    const { code, stderr, stdout } = await runInProcess("runs", "compare", ...folders)
    assert.strictEqual(code, 0, stderr)
    assert.match(stdout, /^setting +A +B\nloss\.temperature +0\.1 +0\.2\n\n/m)
    assert.match(stdout, /^kNN accuracy \(k = 20\) +B - A +\+6\.50 points +\+0\.15 to \+12\.85 +2$/m)
    const { stdout: json } = await runInProcess("runs", "compare", ...folders, "--json")
    assert.deepStrictEqual(
      decode(RunComparison, json).groups.map(({ runs }) => runs.length),
      [2, 2]
    )
  })

  it("needs two runs", async () => {
    const { code, stderr } = await runInProcess("runs", "compare", writeFinishedRun(fresh()))
    assert.strictEqual(code, 2)
    assertPlainError(stderr, "error: ")
  })
})

describe("a run that was trained", () => {
  it("is listed, shown and removed as it is", async () => {
    const folder = fresh()
    const trained = await runProgram("train", ...tinyRun({ epochs: 1 }), `--out=${folder}`, "--json")
    assert.strictEqual(trained.code, 0, trained.stderr)
    const { measurements, numSteps, trainingSeconds } = JSON.parse(lastLine(trained.stdout))
    const details = decode(RunDetails, (await runInProcess("runs", "show", folder, "--json")).stdout)
    assert.deepInclude(details.run, { state: "finished", trainingSeconds })
    assert.strictEqual(details.run.steps.done, numSteps)
    assert.deepStrictEqual(details.damage, [])
    assert.sameDeepMembers([...details.measurements], measurements)
    // Every file of a run is known to be one.
    assert.isTrue(details.files.every(({ isWrittenByRun }) => isWrittenByRun))
    const listed = decode(RunList, (await runInProcess("runs", "list", folder, "--json")).stdout)
    assert.deepStrictEqual(listed.runs[0]!.score, details.run.score)
    await runInProcess("runs", "rm", folder, "--yes")
    assert.isFalse(existsSync(folder))
  })
})
