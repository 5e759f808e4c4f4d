import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { readStructuredFile } from "@moco/train/readStructuredFile"
import { Effect } from "effect"
import { ablate } from "../src/commands/ablate.ts"
import { bench } from "../src/commands/bench.ts"
import { parity } from "../src/commands/parity.ts"
import { train } from "../src/commands/train.ts"
import { command, endingOf, type Provoked } from "./everyError/provoke.ts"
import { assertPlainError, fresh, start } from "./program.ts"

/** Ten levels of aliases: 10^10 times `leaf` in some 400 bytes. */
const bombOf = (leaf: string) => {
  const lines = [`a: &a [${`${leaf},`.repeat(10)}]`]
  for (const name of "bcdefghij") {
    const before = String.fromCharCode(name.charCodeAt(0) - 1)
    lines.push(`${name}: &${name} [${`*${before},`.repeat(10)}]`)
  }
  return `${lines.join("\n")}\n`
}

/** Aliases where a study's definition has lists of its own: 300^3 terms. */
const studyBomb = () => {
  const list = (name: string, first: string) => `&${name} [${first},${`*${name}1,`.repeat(300)}]`
  const terms = list("t", "&t1 {cell: {m: 0.5}, weight: 1}")
  const contrasts = list("c", `&c1 {label: l, terms: ${terms}}`)
  const claims = list("s", `&s1 {statement: s, paper: p, expects: zero, contrasts: ${contrasts}}`)
  const study = "name: bomb\nrecipe: fashionMnistQuick\nseeds: [1]\n"
  return `${study}axes: [{setting: momentum.m, values: [0.5]}]\nclaims: ${claims}\n`
}

const deepJson = `${"[".repeat(5_000)}${"]".repeat(5_000)}`
const deepLines = Array.from({ length: 150 }, (_, i) => `${" ".repeat(i)}a:`).join("\n")
const manyKeys = Array.from({ length: 500 }, (_, i) => `k${i}:`).join(",")
const manyMerges = Array.from({ length: 600 }, (_, i) => `m${i}: {<<: *a}`).join("\n")

/** What is written where a config is looked for; a path that is no file is made by a function. */
type Contents = string | Uint8Array | ((path: string) => void)

const sized = (bytes: number) => (path: string) => {
  writeFileSync(path, "")
  truncateSync(path, bytes)
}
const pipe = (path: string) => execFileSync("mkfifo", [path])

/** The path of what is made of `contents` under `name`. */
const place = (name: string, contents: Contents): string => {
  const folder = fresh()
  mkdirSync(folder)
  const path = join(folder, name)
  if (typeof contents === "function") contents(path)
  else writeFileSync(path, contents)
  return path
}

const unreadable: ReadonlyArray<readonly [string, string, Contents, ReadonlyArray<string>]> = [
  ["aliases that multiply a word", "a.yaml", bombOf("x"), ["its aliases make it larger than 64 KiB"]],
  ["aliases that multiply nothing", "a.yaml", bombOf('""'), ["its aliases make it larger"]],
  [
    "aliases that multiply a long word",
    "a.yaml",
    `a: &a ${"x".repeat(10_000)}\nb: [${"*a,".repeat(1500)}]`,
    ["its aliases make it larger"]
  ],
  [
    "aliases that multiply a long key",
    "a.yaml",
    `a: &a {${"k".repeat(1000)}: 1}\nb: [${"*a,".repeat(100)}]`,
    ["its aliases make it larger"]
  ],
  ["aliases in the lists of a study", "a.yaml", studyBomb(), ["its aliases make it larger"]],
  ["600 merges of many keys", "a.yaml", `a: &a {${manyKeys}}\n${manyMerges}`, ["more than 100 merge keys"]],
  ["5,000 nested lists in JSON", "a.json", deepJson, ["nested more than 32 levels deep"]],
  ["5,000 nested lists in YAML", "a.yaml", deepJson, ["nested more than 32 levels deep"]],
  ["150 nested sections in lines", "a.yaml", deepLines, ["nested more than 32 levels deep"]],
  ["200 MB of YAML", "a.yaml", sized(200e6), ["200000000 bytes", "16 KiB of YAML"]],
  ["200 MB of JSON", "a.json", sized(200e6), ["200000000 bytes", "256 KiB of JSON"]],
  ["a folder", "a.yaml", (path) => mkdirSync(path), ["it is a folder and not a file", "name a file"]],
  ["a pipe that nobody writes to", "a.yaml", pipe, ["it is a FIFO and not a file", "written to one first"]],
  ["bytes that are no text", "a.yaml", Uint8Array.of(0x61, 0x3a, 0xff), ["it is not UTF-8 text"]],
  ["an alias as long as the file", "a.yaml", `a: *${"z".repeat(12_000)}`, ["Unknown YAML alias '*zzz"]]
]

describe("readStructuredFile", () => {
  for (const [title, name, contents, words] of unreadable) {
    it.effect(`refuses ${title}, in a message of a few lines`, () =>
      Effect.gen(function* () {
        const file = place(name, contents)
        const error = yield* Effect.flip(readStructuredFile("config", file))
        assert.strictEqual(error._tag, "ConfigUnreadable")
        for (const word of [file, ...words]) assert.include(error.message, word)
        assert.isBelow(error.message.length, 600)
      }).pipe(Effect.provide(NodeServices.layer))
    )
  }

  it.effect("reads aliases and merge keys that stand for little", () =>
    Effect.gen(function* () {
      const file = place("a.yaml", "a: &a { x: 1 }\nb: { <<: *a, y: [*a, *a] }\n")
      const read = yield* readStructuredFile("config", file)
      const a = { x: 1 }
      assert.deepStrictEqual(read, { a, b: { x: 1, y: [a, a] } })
    }).pipe(Effect.provide(NodeServices.layer))
  )
})

const numbers = '{"loss":{"temperature":1e999},"seed":-1e999,"evaluations":{"knn":{"k":[1e999]}}}'
const inFile = (name: string, contents: Contents) => () => `--config=${place(name, contents)}`

const programs: ReadonlyArray<readonly [string, () => string, ReadonlyArray<string>]> = [
  ["a file of aliases that multiply", inFile("a.yaml", bombOf("x")), ["its aliases make it larger"]],
  ["5,000 nested lists", inFile("a.json", deepJson), ["nested more than 32 levels deep"]],
  ["200 MB", inFile("a.yaml", sized(200e6)), ["200000000 bytes"]],
  ["a pipe that nobody writes to", inFile("a.yaml", pipe), ["it is a FIFO and not a file"]],
  [
    "numbers beyond the largest one",
    inFile("a.json", numbers),
    ["loss.temperature = Infinity", "seed = -Infinity", "evaluations.knn.k[0] = Infinity"]
  ],
  [
    "a key __proto__",
    inFile("a.json", '{"__proto__":{"seed":2}}'),
    ['__proto__ = {"seed":2}: is not a known key']
  ],
  [
    "60,000 nested lists in --set",
    () => `--set=seed=${"[".repeat(60_000)}${"]".repeat(60_000)}`,
    ["seed = [[["]
  ],
  ["9e15 epochs", () => "--epochs=9007199254740991", ["training.epochs = 9007199254740991", "1000000"]],
  [
    "100 million blocks",
    () => "--set=encoder.layers=[100000000]",
    ["encoder.layers[0] = 100000000: must be between 1 and 1000"]
  ],
  [
    "features of a billion numbers",
    () => "--set=encoder.featureSize=1000000000",
    ["encoder.featureSize = 1000000000: must be between 1 and 65536"]
  ],
  [
    "an encoder of 8 stages that doubles a width of 512 seven times",
    () => `--config=${place("a.json", '{"encoder":{"layers":[99,99,99,99,99,99,99,99],"width":512}}')}`,
    [
      "encoder = ",
      "parameters), the whole run at least",
      "of memory",
      "lower its layers, width or featureSize"
    ]
  ],
  [
    "a queue that fits into no machine's memory",
    () => `--config=${place("a.json", '{"dictionary":{"size":100000000},"encoder":{"featureSize":65536}}')}`,
    ["dictionary.size = 100000000: needs 48,800 GiB"]
  ],
  [
    "checkpoints in 17 billion years",
    () => "--checkpoint-every=9000000000000000minutes",
    ["--checkpoint-every = 9000000000000000minutes: must be at most 10,000,000 minutes"]
  ],
  ["a --set of 60,000 levels", () => `--set=loss.${"a.".repeat(60_000)}b=1`, ['loss.a = {"a":{"a":']]
]

describe("train", () => {
  for (const [title, flag, words] of programs) {
    it(`refuses ${title} with 2, in a heap of 200 MB`, async () => {
      const out = fresh()
      const { ended } = start(["train", flag(), `--out=${out}`], { NODE_OPTIONS: "--max-old-space-size=200" })
      const { code, stderr } = await ended
      assert.strictEqual(code, 2, stderr.slice(0, 2000))
      assertPlainError(stderr, ...words)
      assert.isBelow(stderr.length, 2000)
      assert.isFalse(existsSync(out))
    })
  }
})

const emptied: ReadonlyArray<readonly [string, Provoked]> = [
  ...["out", "resume", "config", "data-dir", "profile"].map(
    (flag) => [`train --${flag}=`, command(train, `--${flag}=`)] as const
  ),
  ["ablate --study=", command(ablate, "--study=")],
  ...["out", "report", "reuse", "data-dir"].map(
    (flag) => [`ablate --${flag}=`, command(ablate, "--study=smoke", `--${flag}=`)] as const
  ),
  ["parity --fixture=", command(parity, "--fixture=")],
  ["bench --profile=", command(bench, "--profile=")]
]

describe("an empty path", () => {
  for (const [title, provoked] of emptied) {
    it.live(`is refused with 2, by the name of the flag: ${title}`, () =>
      Effect.gen(function* () {
        const { code, stderr } = yield* endingOf(provoked)
        assert.strictEqual(code, 2)
        assertPlainError(stderr, title.slice(title.indexOf("--"), -1), "a path that is not empty")
      }).pipe(Effect.provide(NodeServices.layer))
    )
  }
})

describe("ablate", () => {
  it("refuses 10,000 cells with 30,000 seeds each at once, with the number of runs, in a heap of 200 MB", async () => {
    const out = fresh()
    const range = (size: number) => Array.from({ length: size }, (_, i) => i + 1)
    const study = {
      ...{ name: "many", recipe: "fashionMnistQuick", seeds: range(30_000) },
      axes: [
        { setting: "dictionary.size", values: range(100) },
        { setting: "momentum.m", values: range(100).map((i) => i / 100) }
      ]
    }
    const file = place("a.json", JSON.stringify(study))
    const started = performance.now()
    const { code, stderr } = await start(["ablate", `--study=${file}`, `--out=${out}`], {
      NODE_OPTIONS: "--max-old-space-size=200"
    }).ended
    assert.strictEqual(code, 2, stderr.slice(0, 2000))
    assertPlainError(stderr, "seeds = 30,000 seeds: make 300,000,000 runs of 10,000 cells")
    // Two seconds on a quiet machine, most of them the start.
    assert.isBelow(performance.now() - started, 30_000)
    assert.isFalse(existsSync(out))
  })

  it("refuses a study whose aliases multiply its claims with 2, in a heap of 200 MB", async () => {
    const out = fresh()
    const study = `--study=${place("a.yaml", studyBomb())}`
    const { code, stderr } = await start(["ablate", study, `--out=${out}`], {
      NODE_OPTIONS: "--max-old-space-size=200"
    }).ended
    assert.strictEqual(code, 2, stderr.slice(0, 2000))
    assertPlainError(stderr, "the study", "its aliases make it larger than 64 KiB")
    assert.isFalse(existsSync(out))
  })
})
