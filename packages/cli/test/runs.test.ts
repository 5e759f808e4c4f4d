import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { forbidden } from "@moco/core/testing"
import { knnAccuracy } from "@moco/evaluation/Evaluation/Knn"
import { measured } from "@moco/evaluation/Measurement"
import { RunComparison } from "@moco/report/runs/comparison"
import { RunDetails } from "@moco/report/runs/details"
import { RunList } from "@moco/report/runs/list"
import { RemovedRuns } from "@moco/report/runs/remove"
import * as FolderLock from "@moco/train/FolderLock"
import type { RunEvent } from "@moco/train/RunLog"
import { fashionMnistQuick } from "@moco/train/recipes/fashionMnistQuick"
import { Effect, Layer, Option, Queue, Schema, Terminal } from "effect"
import { Command } from "effect/cli"
import { TestConsole } from "effect/testing"
import { IsInteractive } from "../src/commands/runs/confirm.ts"
import { rm } from "../src/commands/runs/rm.ts"
import { runInProcess } from "./inProcess.ts"
import { assertPlainError, fresh, lastLine, run as runProgram, tinyRun } from "./program.ts"

const numSteps = 8

const events = (accuracy: number): ReadonlyArray<RunEvent> => [
  ...Array.from(
    { length: numSteps },
    (_, step): RunEvent => ({
      ...{ event: "step", step, epoch: Math.floor(step / 4), numSteps, numEpochs: 2, stepMs: 500 },
      metrics: { loss: 7 - step / 20 }
    })
  ),
  evaluation("raw pixels", 0.77),
  evaluation("trained encoder", accuracy),
  {
    ...{ event: "finished", step: numSteps, epoch: 2, outcome: "completed" },
    ...{ trainingSeconds: 4, evaluationSeconds: 1 }
  }
]

const evaluation = (subject: string, accuracy: number): RunEvent => ({
  ...{ event: "evaluation", step: numSteps, epoch: 2, seconds: 1 },
  measurements: [200, 20].map((k) => measured(knnAccuracy(k, 0.1), subject, accuracy))
})

/** A folder as a run of two epochs leaves it. */
const writeRun = (folder: string, accuracy = 0.7, { seed = 1, temperature = 0.1 } = {}) => {
  const recipe = fashionMnistQuick()
  const loss = { ...recipe.loss, temperature }
  const config = { ...recipe, seed, loss, training: { epochs: 2, batchSize: 800 } }
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, "config.json"), JSON.stringify(config))
  const lines = events(accuracy).map(
    (event) => `${JSON.stringify({ format: 2, time: "2026-01-01T00:00:00.000Z", ...event })}\n`
  )
  writeFileSync(join(folder, "metrics.jsonl"), lines.join(""))
  writeFileSync(join(folder, "encoder.safetensors"), "weights")
  writeFileSync(join(folder, "encoder.json"), "{}")
  return folder
}

const decode = <S extends Schema.Codec<unknown, unknown>>(schema: S, text: string): S["Type"] =>
  Schema.decodeUnknownSync(Schema.fromJsonString(Schema.toCodecJson(schema)), { onExcessProperty: "error" })(
    text
  )

describe("moco runs list", () => {
  it("has a row for each run, a damaged one too, and ends well", async () => {
    const root = fresh()
    writeRun(join(root, "mine-1"))
    appendFileSync(join(writeRun(join(root, "mine-2")), "metrics.jsonl"), "no event\n")
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
    const folder = writeRun(join(root, "mine"))
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
    const folder = writeRun(fresh())
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
    const folder = writeRun(fresh())
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
    const folder = writeRun(fresh())
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
    const folder = writeRun(fresh())
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
      writeRun(join(root, `a-${seed}`), 0.6 + seed / 100, { seed }),
      writeRun(join(root, `b-${seed}`), 0.65 + seed / 50, { seed, temperature: 0.2 })
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
    const { code, stderr } = await runInProcess("runs", "compare", writeRun(fresh()))
    assert.strictEqual(code, 2)
    assertPlainError(stderr, "error: ")
  })
})

type Answer = "y" | "n" | "quit"

/** Runs `moco runs rm` where somebody sits at the terminal and gives this answer. */
const rmAnswered = (answer: Answer, ...args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const exit = yield* Effect.exit(Command.runWith(rm, { version: "0.0.0" })(args))
    return { exit, stdout: (yield* TestConsole.logLines).join("\n") }
  }).pipe(
    Effect.provideService(IsInteractive, true),
    Effect.provide(answering(answer)),
    Effect.provide([TestConsole.layer, NodeServices.layer]),
    Effect.runPromise
  )

const answering = (answer: Answer) =>
  Layer.effect(
    Terminal.Terminal,
    Effect.map(Terminal.Terminal, (terminal) =>
      Terminal.make({
        ...terminal,
        display: () => Effect.void,
        readInput: Effect.gen(function* () {
          const keys = yield* Queue.make<Terminal.UserInput>()
          const key = { name: answer, ctrl: false, meta: false, shift: false }
          if (answer === "quit") yield* Queue.end(keys as never)
          else yield* Queue.offer(keys, { input: Option.some(answer), key })
          return keys as never
        })
      })
    )
  ).pipe(Layer.provide(NodeServices.layer))

describe("moco runs rm", () => {
  it("removes with --yes, and says what was freed and what was left", async () => {
    const root = fresh()
    const [gone, kept] = [writeRun(join(root, "gone")), writeRun(join(root, "kept"))]
    writeFileSync(join(kept, "notes.txt"), "mine")
    const { code, stderr, stdout } = await runInProcess("runs", "rm", gone, kept, "--yes")
    assert.strictEqual(code, 0, stderr)
    assert.match(stdout, /left: notes\.txt, which no run writes\nremoved 2 runs: [\d.]+ kB freed\n/)
    assert.include(stdout, `${kept} is still there`)
    assert.isFalse(existsSync(gone))
    assert.deepStrictEqual(readdirSync(kept), ["notes.txt"])
  })

  it("prints one document with --json", async () => {
    const folder = writeRun(fresh())
    const { stdout } = await runInProcess("runs", "rm", folder, "--yes", "--json")
    assert.deepInclude(decode(RemovedRuns, stdout).runs[0], { path: folder, isGone: true, left: [] })
  })

  it("without a terminal needs --yes", async () => {
    const folder = writeRun(fresh())
    const { code, stderr } = await runInProcess("runs", "rm", folder)
    assert.strictEqual(code, 2)
    assertPlainError(stderr, "no terminal to ask on", "give --yes")
    assert.isTrue(existsSync(join(folder, "config.json")))
  })

  for (const [answer, isGone] of [
    ["y", true],
    ["n", false],
    ["quit", false]
  ] as const) {
    it(`asks on a terminal, and after ${answer} ${isGone ? "removes" : "leaves all as it was"}`, async () => {
      const folder = writeRun(fresh())
      const log = readFileSync(join(folder, "metrics.jsonl"), "utf8")
      const { exit, stdout } = await rmAnswered(answer, folder)
      assert.strictEqual(existsSync(folder), !isGone)
      assert.strictEqual(exit._tag, answer === "quit" ? "Failure" : "Success")
      if (isGone) return assert.include(stdout, "removed 1 run")
      assert.deepStrictEqual(readdirSync(folder).sort(), [
        "config.json",
        "encoder.json",
        "encoder.safetensors",
        "metrics.jsonl"
      ])
      assert.strictEqual(readFileSync(join(folder, "metrics.jsonl"), "utf8"), log)
      if (answer === "n") assert.include(stdout, "nothing was removed")
    })
  }
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
