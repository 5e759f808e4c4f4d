import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { decode } from "@moco/core/Safetensors"
import type { Measurement } from "@moco/evaluation/Measurement"
import { Effect } from "effect"
import { assertPlainError, fresh, lastLine, reported, root, run, start, until } from "./program.ts"

const fixture = join(root, "packages/train/test/parity/plain")

/** A run of seconds: a tiny encoder on the embedded images. */
const tiny = [
  ...[
    "--epochs=1",
    "--set",
    "encoder.layers=[1]",
    "--set",
    "encoder.width=4",
    "--set",
    "training.batchSize=500"
  ],
  ...["--set", "encoder.featureSize=16", "--set", "dictionary.size=1000"]
]

describe("train", () => {
  it("trains, evaluates beside both baselines, and leaves a run folder that can be run again", async () => {
    const out = fresh()
    const { code, stdout, stderr } = await run("train", ...tiny, "--json", reported, `--out=${out}`)
    assert.strictEqual(code, 0, stderr)
    assert.strictEqual(stderr, "")
    for (const words of [
      "trained encoder",
      "untrained encoder",
      "raw pixels",
      `run folder: ${out}`,
      `report: ${join(out, "report.html")}`,
      "next, "
    ]) {
      assert.include(stdout, words)
    }
    assert.notInclude(stdout, "\u001b")
    const result = JSON.parse(lastLine(stdout))
    assert.deepInclude(result, { outcome: "completed", numSteps: 16, seed: 1, runFolder: out })
    assert.deepStrictEqual(
      [...new Set(result.measurements.map(({ subject }: Measurement) => subject))],
      ["raw pixels", "untrained encoder", "trained encoder"]
    )
    const files = [
      ...["config.json", "environment.json", "metrics.jsonl", "encoder.safetensors", "encoder.json"],
      "report.html"
    ]
    for (const file of files) {
      assert.isTrue(existsSync(join(out, file)), file)
    }
    assert.strictEqual(JSON.parse(readFileSync(join(out, "environment.json"), "utf8")).threads, 2)
    const card = JSON.parse(readFileSync(join(out, "encoder.json"), "utf8"))
    assert.deepInclude(card.training, { recipe: "fashionMnistQuick", seed: 1, step: 16 })
    assert.strictEqual(card.data.name, "fashion-mnist-10k")
    const { metadata } = await Effect.runPromise(decode(readFileSync(join(out, "encoder.safetensors"))))
    assert.deepStrictEqual(JSON.parse(metadata["architecture"]!), card.architecture)
    assert.deepStrictEqual(JSON.parse(metadata["input"]!), card.input)
    const again = await run("train", `--config=${join(out, "config.json")}`, "--json", `--out=${fresh()}`)
    assert.deepStrictEqual(JSON.parse(lastLine(again.stdout)).measurements, result.measurements)
    const occupied = await run("train", ...tiny, `--out=${out}`)
    assert.strictEqual(occupied.code, 6)
    assertPlainError(occupied.stderr, out, "a run that has reached its end")
  })

  for (const [signal, expected] of [
    ["SIGINT", 130],
    ["SIGTERM", 143]
  ] as const) {
    it(`stops between two steps on ${signal}, writes what there is and exits ${expected}`, async () => {
      const out = fresh()
      const { child, ended, output } = start(
        ["train", ...tiny, "--epochs=1000", `--out=${out}`].filter((arg) => arg !== "--epochs=1")
      )
      await until(() => output().includes("step"))
      child.kill(signal)
      // nx may deliver a signal twice within milliseconds.
      child.kill(signal)
      const { code, stdout, stderr } = await ended
      assert.strictEqual(code, expected, stderr)
      assert.include(stdout, "interrupted after")
      assert.isTrue(existsSync(join(out, "encoder.safetensors")))
      const events = readFileSync(join(out, "metrics.jsonl"), "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line))
      const numSteps = events.filter(({ event }) => event === "step").length
      assert.deepInclude(events.at(-1), { event: "finished", outcome: "interrupted", step: numSteps })
      assert.isAbove(numSteps, 0)
    })
  }

  it("exits with 5 and names the step when the loss is no longer finite", async () => {
    const { code, stderr } = await run(
      "train",
      ...tiny,
      "--set",
      "optimizer.learningRate=1e20",
      `--out=${fresh()}`
    )
    assert.strictEqual(code, 5, stderr)
    assertPlainError(stderr, "loss is NaN at ", "in step ", "optimizer.learningRate")
  })

  const refused: ReadonlyArray<readonly [string, ReadonlyArray<string>, ReadonlyArray<string>]> = [
    ["an unknown recipe", ["--recipe=fashionMnistQuik"], ["fashionMnistQuik", "fashionMnistQuick"]],
    ["an unknown setting", ["--set", "loss.temprature=1"], ["loss.temprature", "did you mean temperature"]],
    ["a config file that is not there", ["--config=nowhere.yaml"], ["nowhere.yaml", "no such file"]],
    [
      "a folder of images that nothing is read from",
      ["--data-dir=PHOTOS"],
      ["--data-dir=PHOTOS", "nothing is read from it", "fashion-mnist-10k", "leave --data-dir away"]
    ],
    ["two seeds", ["--seed=1", "--set", "seed=2"], ["--seed", "contradicts"]]
  ]
  for (const [title, args, words] of refused) {
    it(`refuses ${title} with 2 before anything starts`, async () => {
      const out = fresh()
      const { code, stderr } = await run("train", ...args, `--out=${out}`)
      assert.strictEqual(code, 2, stderr)
      assertPlainError(stderr, ...words)
      assert.isFalse(existsSync(out))
    })
  }

  it("refuses an unknown flag with 2 and says which was meant", async () => {
    const { code, stderr } = await run("train", "--epoch=1")
    assert.strictEqual(code, 2)
    assertPlainError(stderr, "--epochs")
  })
})

describe("parity", () => {
  it("prints the largest differences as JSON on its last line", async () => {
    const { code, stdout, stderr } = await run("parity", `--fixture=${fixture}`)
    assert.strictEqual(code, 0, stderr)
    const report = JSON.parse(lastLine(stdout))
    assert.isTrue(report.ok)
    for (const quantity of ["loss", "query", "key", "queue", "encoder_q", "encoder_k", "momentum"]) {
      assert.isAtMost(report[quantity], 1e-4, quantity)
    }
  })

  it("exits with 1 when the differences are larger than allowed, and 3 when there is no fixture", async () => {
    const strict = await run("parity", `--fixture=${fixture}`, "--tolerance=1e-12")
    assert.strictEqual(strict.code, 1)
    assert.isFalse(JSON.parse(lastLine(strict.stdout)).ok)
    const nowhere = await run("parity", "--fixture=nowhere")
    assert.strictEqual(nowhere.code, 3)
    assertPlainError(nowhere.stderr, "nowhere", "fixture.json")
  })
})

describe("doctor", () => {
  it("prints what it finds and exits with 0 where training can run", async () => {
    const { code, stdout, stderr } = await run("doctor")
    assert.strictEqual(code, 0, stderr)
    for (const word of ["Node", "libtensorflow", "2.21.0", "device", "threads", "fashion-mnist-10k"])
      assert.include(stdout, word)
  })
})
