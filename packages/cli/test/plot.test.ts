import { existsSync, mkdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { runInProcess } from "./inProcess.ts"
import { assertPlainError, fresh } from "./program.ts"
import { writeRun } from "./writtenRun.ts"

describe("moco plot", () => {
  it("draws a run with its title, settings, loss beside chance, and every k beside raw pixels", async () => {
    const folder = writeRun(join(fresh(), "mine-1"), 0.7)
    const out = join(folder, "pictures", "run.svg")
    const { code, stdout, stderr } = await runInProcess("plot", `--run=${folder}`, `--out=${out}`)
    assert.strictEqual(code, 0, stderr)
    assert.strictEqual(stdout, out)
    const svg = readFileSync(out, "utf8")
    for (const text of [
      ">mine-1: loss and kNN accuracy by epoch</text>",
      "recipe fashionMnistQuick, seed 1, K = 1024, T = 0.1, batch 800",
      "loss (nats)",
      "chance, 6.93",
      "kNN accuracy (%), k = 200",
      "kNN accuracy (%), k = 20",
      "kNN accuracy (%), k = 1",
      "raw pixels"
    ]) {
      assert.include(svg.replaceAll("\u00a0", " "), text)
    }
  })

  it("draws several runs, each with a colour, a mark and its name, and tells folders of one name apart", async () => {
    const parent = fresh()
    const folders = [join(parent, "a", "run"), join(parent, "b", "run"), join(parent, "other")]
    const runs = folders.map((folder, i) => `--run=${writeRun(folder, 0.6 + 0.05 * i)}`)
    const out = join(parent, "runs.svg")
    const { code, stderr } = await runInProcess("plot", ...runs, `--out=${out}`)
    assert.strictEqual(code, 0, stderr)
    const svg = readFileSync(out, "utf8")
    assert.include(svg, "other: loss and kNN accuracy by epoch")
    for (const name of ["a/run", "b/run", ">other<"]) assert.include(svg.replaceAll("\n", ""), name)
    // A circle, a square and a triangle, so that colour alone decides nothing.
    const marks = [...svg.matchAll(/<g fill="(#\w+)" aria-label="dot"><path d="([^"]+)"/g)]
    assert.strictEqual(new Set(marks.map(([, color]) => color)).size, 3)
    assert.strictEqual(new Set(marks.map(([, , shape]) => shape)).size, 3)
  })

  it("writes a PNG where the file is called so", async () => {
    const folder = writeRun(fresh(), 0.7)
    const out = join(dirname(folder), "run.png")
    await runInProcess("plot", `--run=${folder}`, `--out=${out}`)
    assert.deepStrictEqual([...readFileSync(out).subarray(0, 4)], [0x89, 0x50, 0x4e, 0x47])
  })

  const refused: ReadonlyArray<
    readonly [string, number, (folder: string) => ReadonlyArray<string>, ReadonlyArray<string>]
  > = [
    [
      "a folder that is not there",
      3,
      (f) => [`--run=${f}/nope`, `--out=${f}/x.png`],
      ["no such folder", "e.g. runs/"]
    ],
    ["a folder without a run", 3, (f) => [`--run=${f}`, `--out=${f}/x.png`], ["has no config.json"]],
    ["a format that it cannot write", 2, (f) => [`--run=${f}`, `--out=${f}/x.gif`], ["x.gif", ".svg or .png"]]
  ]
  for (const [title, expected, argsOf, words] of refused) {
    it(`refuses ${title}, and writes nothing`, async () => {
      const folder = fresh()
      mkdirSync(folder)
      const { code, stderr } = await runInProcess("plot", ...argsOf(folder))
      assert.strictEqual(code, expected, stderr)
      assertPlainError(stderr, "error: ", ...words)
      assert.isFalse(["x.png", "x.gif"].some((name) => existsSync(join(folder, name))))
    })
  }
})
