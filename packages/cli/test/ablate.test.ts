import { readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { assertPlainError, fresh, lastLine, recorded, run, tinyTrial, writeStudy } from "./program.ts"

const studyFile = (study: unknown) => writeStudy(dirname(fresh()), study)

const tiny = { ...tinyTrial, "backend.threads": 1 }

describe("ablate", () => {
  it("keeps a run that diverges as a result and goes on, with a study from a file", async () => {
    const folder = fresh()
    const study = studyFile({
      name: "mine",
      recipe: "fashionMnistQuick",
      set: tiny,
      axes: [{ setting: "optimizer.learningRate", values: [1e20, 0.05] }],
      seeds: [1]
    })
    const args = ["ablate", `--study=${study}`, "--json", `--out=${folder}`]
    const { code, stderr, stdout } = await run(...args)
    assert.strictEqual(code, 0, stderr + stdout)
    assert.include(stdout, "learningRate = 100000000000000000000, seed 1: FAILED")
    const { cells, numFailed } = JSON.parse(lastLine(stdout))
    assert.strictEqual(numFailed, 1)
    assert.match(cells[0].failures[0].reason, /is NaN at .* in step/)
    assert.strictEqual(cells[0].mean, null)
    assert.strictEqual(cells[1].n, 1)
    assert.include(readFileSync(join(folder, "report/report.md"), "utf8"), "## Failed runs")
    assert.include(stdout, `report: ${join(folder, "report/report.html")}`)
    const page = readFileSync(join(folder, "report/report.html"), "utf8")
    assert.include(page, "Failed runs")
    assert.include(page, 'aria-label="mine: ')

    const other = studyFile({
      name: "mine",
      recipe: "fashionMnistQuick",
      set: tiny,
      axes: [{ setting: "optimizer.learningRate", values: [0.1] }],
      seeds: [1]
    })
    const refused = await run("ablate", `--study=${other}`, `--out=${folder}`)
    assert.strictEqual(refused.code, 6, refused.stderr)
    assertPlainError(refused.stderr, folder, "holds another study", "axes is")
    assert.strictEqual(recorded(folder).length, 2)
  })

  it("exits with 1 when no run of a study has reached its end, and has said why", async () => {
    const folder = fresh()
    const study = studyFile({
      name: "mine",
      recipe: "fashionMnistQuick",
      set: { ...tiny, "optimizer.learningRate": 1e20 },
      axes: [{ setting: "dictionary.size", values: [64] }],
      seeds: [1]
    })
    const { code, stderr, stdout } = await run("ablate", `--study=${study}`, `--out=${folder}`)
    assert.strictEqual(code, 1, stdout)
    assertPlainError(stderr, "no run of the study mine has reached its end")
    assert.include(stdout, "failed: size = 64, seed 1: loss is NaN")
  })

  it("refuses --concurrency=0 with 2 and a folder that cannot be written with 6", async () => {
    const none = await run("ablate", "--study=smoke", "--concurrency=0", `--out=${fresh()}`)
    assert.strictEqual(none.code, 2)
    assertPlainError(none.stderr, "--concurrency = 0", "must be 1 or more")
    const unwritable = await run("ablate", "--study=smoke", "--out=/dev/null/nowhere")
    assert.strictEqual(unwritable.code, 6)
    assertPlainError(unwritable.stderr, "/dev/null/nowhere", "cannot be written")
  })

  const refused: ReadonlyArray<readonly [string, () => string, ReadonlyArray<string>]> = [
    ["a study that is not there", () => "momentun", ["momentun", "did you mean momentum?"]],
    ["a file that is not there", () => "./nowhere.yaml", ["nowhere.yaml", "no such file"]],
    [
      "an axis that names an unknown setting",
      () =>
        studyFile({
          name: "mine",
          recipe: "fashionMnistQuick",
          axes: [{ setting: "momentum.n", values: [0.5] }],
          seeds: [1]
        }),
      ["momentum.n", "is not a known key"]
    ],
    [
      "an empty grid",
      () => studyFile({ name: "mine", recipe: "fashionMnistQuick", axes: [], seeds: [1] }),
      ["axes", "empty, and so is the grid"]
    ],
    [
      "an unknown recipe",
      () => studyFile({ name: "mine", recipe: "fashionMnistQuik", axes: [], seeds: [1] }),
      ["fashionMnistQuik", "did you mean fashionMnistQuick?"]
    ]
  ]
  it("refuses a folder of images that no run of the study would read from", async () => {
    const { code, stderr } = await run("ablate", "--study=smoke", "--data-dir=PHOTOS", `--out=${fresh()}`)
    assert.strictEqual(code, 2, stderr)
    assertPlainError(stderr, "--data-dir=PHOTOS", "nothing is read from it", "fashion-mnist-10k")
  })

  for (const [title, study, words] of refused) {
    it(`refuses ${title} with 2 before anything starts`, async () => {
      const folder = fresh()
      const { code, stderr } = await run("ablate", `--study=${study()}`, `--out=${folder}`)
      assert.strictEqual(code, 2, stderr)
      assertPlainError(stderr, ...words)
      assert.throws(() => readdirSync(folder))
    })
  }
})
