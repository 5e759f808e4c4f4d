import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join, relative } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import type { Measurement } from "@moco/evaluation/Measurement"
import { applyOverrides } from "@moco/train/RunConfig"
import { recipes } from "@moco/train/recipes"
import { Effect, Option } from "effect"
import sharp from "sharp"
import { imagesOf } from "../src/commands/train/imagesOf.ts"
import { runInProcess } from "./inProcess.ts"
import { photos, tiny } from "./photographs.ts"
import { assertPlainError, fresh, lastLine } from "./program.ts"

/** What is planned for images that `--data` does not name knows nothing of their classes. */
const evaluatedByNobody = [
  "--set",
  "evaluations={}",
  "--set",
  "training.batchSize=8",
  "--set",
  "dictionary.size=8"
]

const configOf = (folder: string) => JSON.parse(readFileSync(join(folder, "config.json"), "utf8"))

describe("a folder of pictures", () => {
  it("is trained on by its name alone, with a recipe that fits their number and size", async () => {
    const [data, out] = [await photos(["cats", "dogs"], 24), fresh()]
    const { code, stderr, stdout } = await runInProcess("train", `--data=${data}`, `--out=${out}`, ...tiny)
    assert.strictEqual(code, 0, stderr)
    assert.include(stdout, "photos, seed 1: 44 images of photos, evaluated on 4")
    assert.include(stdout, "kNN accuracy")
    const { data: images, dictionary, recipe, training } = configOf(out)
    assert.deepStrictEqual([recipe, images.name, images.files.path], ["photos", "files", data])
    assert.deepStrictEqual([training.batchSize, dictionary.size], [8, 32])
    assert.isFalse(existsSync(join(out, "quarantine.json")))
  })

  it("is read as the config file says, whose recipe may say otherwise, wherever --data finds it", async () => {
    const [data, out] = [await photos(["cats", "dogs"], 24), fresh()]
    const file = `${data}.json`
    writeFileSync(file, JSON.stringify({ data: { files: { heldBack: 0.25, shorterSide: 12 } } }))
    const { code, stderr, stdout } = await runInProcess(
      ...["train", `--config=${file}`, `--data=${data}`, `--out=${out}`],
      ...tiny
    )
    assert.strictEqual(code, 0, stderr)
    assert.include(stdout, "36 images of photos, evaluated on 12")
    const { files } = configOf(out).data
    assert.deepInclude(files, { path: data, heldBack: 0.25, shorterSide: 12, maxBad: 0.01 })
    const images = await Effect.runPromise(
      imagesOf(Option.some(data)).pipe(Effect.provide(NodeServices.layer))
    )
    const config = await Effect.runPromise(
      applyOverrides(recipes["imagenetV1"]!(), [images.layer], {}).pipe(Effect.provide(NodeServices.layer))
    )
    assert.deepInclude(config.data.files!, { path: data, shorterSide: 512 })
  })

  it("may have classes of one or two images, which are all trained on", async () => {
    const folders = Array.from({ length: 8 }, (_, place) => `class${place}`)
    const [data, out] = [await photos(folders, 2), fresh()]
    const { code, stderr, stdout } = await runInProcess("train", `--data=${data}`, `--out=${out}`, ...tiny)
    assert.strictEqual(code, 0, stderr)
    assert.include(stdout, "16 images of photos, evaluated on none")
  })

  it("may have no classes: it is trained on, and measured by what needs no labels", async () => {
    const [data, out] = [await photos(["."], 20), fresh()]
    const { code, stderr, stdout } = await runInProcess(
      "train",
      `--data=${data}`,
      `--out=${out}`,
      "--json",
      ...tiny
    )
    assert.strictEqual(code, 0, stderr)
    assert.include(stdout, "20 images of photos, evaluated on none")
    assert.notInclude(stdout, "kNN")
    assert.deepStrictEqual(Object.keys(configOf(out).evaluations), ["pretext", "spectrum"])
    const { measurements } = JSON.parse(lastLine(stdout))
    for (const metric of ["uniformity (t = 2)", "RankMe"]) {
      const found = measurements.find(
        (one: Measurement) => one.metric === metric && one.subject === "trained encoder"
      )
      assert.strictEqual(found?.numImages, 20)
      assert.match(found.protocol, /up to \d+ training images/)
    }
  })

  it("may have damaged files, for which others stand in, and which are told of wherever a run is", async () => {
    const names = ["bad1", "bad2", "bad3", "bad4"]
    const broken = Object.fromEntries(names.map((name) => [`cats/${name}.png`, "no picture"]))
    const [data, out] = [await photos(["cats", "dogs"], 24, broken), fresh()]
    const args = [`--data=${data}`, `--out=${out}`, ...tiny, "--max-bad=0.2", "--json"]
    const { code, stderr, stdout } = await runInProcess("train", ...args)
    assert.strictEqual(code, 0, stderr)
    assert.include(stderr, "files are no image that can be read, and others stood in")
    const bad = JSON.parse(readFileSync(join(out, "quarantine.json"), "utf8"))
    assert.isAtLeast(bad.length, 4)
    for (const { file, problem } of bad)
      assert.deepStrictEqual(
        [file.slice(0, data.length + 9), problem.slice(0, 13)],
        [`${data}/cats/bad`, "it is no JPEG"]
      )
    const leftOut = { numFiles: bad.length, first: bad.slice(0, 3) }
    assert.deepStrictEqual(JSON.parse(lastLine(stdout)).leftOut, leftOut)
    const details = await runInProcess("runs", "show", out, "--json")
    assert.deepStrictEqual(JSON.parse(details.stdout).leftOut, leftOut)
    const shown = (await runInProcess("runs", "show", out)).stdout
    for (const text of [stdout, shown]) {
      assert.include(text, `left out: ${bad.length} files that are no images; others stood in`)
      assert.include(text, `  ${bad[2].file}: it is no JPEG`)
      assert.include(text, `  and ${bad.length - 3} more, in quarantine.json`)
      assert.notInclude(text, bad[3].file)
    }
  })

  it("is told of where it is none, where nothing is in it, and where too much of it is damaged", async () => {
    const data = await photos(["cats", "dogs"], 12, { "cats/bad.png": "no picture", "dogs/bad.png": "none" })
    const refused = async (
      exitCode: number,
      args: ReadonlyArray<string>,
      ...words: ReadonlyArray<string>
    ) => {
      const { code, stderr } = await runInProcess("train", `--out=${fresh()}`, ...args)
      assert.strictEqual(code, exitCode, stderr)
      assertPlainError(stderr, ...words)
    }
    await refused(3, [`--data=${data}/nowhere`], "nowhere cannot be read: ENOENT", "--data")
    mkdirSync(join(data, "empty"))
    await refused(3, [`--data=${data}/empty`], "no file below", "has the name of a JPEG, PNG")
    await refused(3, [`--data=${data}`, ...tiny], "files that are no images", "data.files.maxBad (1 %)")
    await refused(2, ["--recipe=fashionMnistQuick", "--set", "data.name=files"], "data.files", "--data=DIR")
    await refused(2, ["--max-bad=0.1"], "--max-bad=0.1", "fashion-mnist-10k is no folder of image files")
    await refused(2, [`--data=${data}`, "--max-bad=3"], "data.files.maxBad = 3: must be between 0 and 1")
  })

  it("is not asked for a part to evaluate on where there is none", async () => {
    const [unlabelled, few] = [await photos(["."], 20), await photos(["a", "b", "c", "d", "e"], 2)]
    for (const [data, reason] of [
      [unlabelled, "not all of its images have classes"],
      [few, "nothing of its classes is held back"]
    ] as const) {
      const args = ["train", `--out=${fresh()}`, `--data=${data}`, "--split=validation"]
      const { code, stderr } = await runInProcess(...args)
      assert.strictEqual(code, 2, stderr)
      const problem = `no part of ${data} is evaluated on, for ${reason}`
      assertPlainError(stderr, `error: --split=validation: is of no use: ${problem}`)
    }
  })

  it("is planned for as it is parted, by the config file and by --set", async () => {
    const [data, out] = [await photos(["cats", "dogs"], 12), fresh()]
    const file = `${data}.json`
    writeFileSync(file, JSON.stringify({ data: { files: { heldBack: 0 } } }))
    const byFile = [`--config=${file}`]
    const bySet = ["--set", "data.files.heldBack=0"]
    for (const said of [byFile, bySet]) {
      const args = ["train", `--data=${data}`, `--out=${out}${said.length}`, ...said, ...tiny]
      const { code, stderr, stdout } = await runInProcess(...args)
      assert.strictEqual(code, 0, stderr)
      assert.include(stdout, "24 images to train on, in classes (no image held back) of about")
    }
  })

  it("is found again by a run that goes on elsewhere, however it was named", async () => {
    const [data, out] = [await photos(["cats", "dogs"], 12), fresh()]
    const file = `${data}.json`
    const path = relative(".", data)
    assert.notStrictEqual(path, data)
    writeFileSync(file, JSON.stringify({ recipe: "photos", data: { files: { path } } }))
    const { code, stderr } = await runInProcess(
      ...["train", `--config=${file}`, `--out=${out}`, ...tiny, ...evaluatedByNobody]
    )
    assert.strictEqual(code, 0, stderr)
    assert.strictEqual(configOf(out).data.files.path, data)
    const longer = ["train", `--resume=${out}`, "--epochs=3", "--set", `data.files.path=${path}`]
    const again = await runInProcess(...longer)
    assert.strictEqual(again.code, 0, again.stderr)
    assert.strictEqual(configOf(out).training.epochs, 3)
    assert.strictEqual(configOf(out).data.files.path, data)
  })

  it("is never written over, nor among its files", async () => {
    const data = await photos(["cats"], 8)
    const pack = `${fresh()}.pack`
    assert.strictEqual((await runInProcess("data", "pack", `--data=${data}`, `--out=${pack}`)).code, 0)
    symlinkSync(data, `${data}-link`)
    for (const command of ["pack", "show"]) {
      for (const [from, out, words] of [
        [data, join(data, "cats/0.png"), "would be written among the images"],
        [data, join(`${data}-link`, "new/x.pack"), "would be written among the images"],
        [`${data}-link`, join(data, "x.pack"), "would be written among the images"],
        [pack, pack, "would take the place of the images"]
      ] as const) {
        const before = existsSync(out) ? readFileSync(out) : undefined
        const { code, stderr } = await runInProcess("data", command, `--data=${from}`, `--out=${out}`)
        assert.strictEqual(code, 2, stderr)
        assertPlainError(stderr, `--out=${out}`, words, "name another place for it with --out=FILE")
        assert.deepStrictEqual(existsSync(out) ? readFileSync(out) : undefined, before)
      }
    }
  })

  it("is told of where no folder can be made, and that ends", async () => {
    const data = await photos(["cats"], 8)
    for (const command of [["train"], ["data", "show"], ["data", "pack"]]) {
      const { code, stderr } = await runInProcess(...command, `--data=${data}`, "--out=/proc/moco/x.png")
      assert.strictEqual(code, 6, stderr)
      assertPlainError(stderr, "/proc/moco", "cannot be written")
    }
  })

  it("is shown as a picture, with the numbers of its classes", async () => {
    const [data, out] = [await photos(["cats", "dogs"], 12), `${fresh()}.png`]
    const { code, stderr, stdout } = await runInProcess("data", "show", `--data=${data}`, `--out=${out}`)
    assert.strictEqual(code, 0, stderr)
    assert.include(stdout, "photos: 22 images to train on, 2 to evaluate on; RGB, of different sizes")
    assert.match(stdout, /11 {2}cats\n +11 {2}dogs/)
    assert.notInclude(stdout, "are drawn")
    const { format, width } = await sharp(out).metadata()
    assert.deepStrictEqual([format, width], ["png", 16 + 190 + 10 * 68 - 4 + 16])
  })

  it("gets no picture of itself among its own", async () => {
    const { code, stderr } = await runInProcess("data", "show", "--data=.")
    assert.strictEqual(code, 2)
    assertPlainError(stderr, "--data=.: the picture would be written among the images", "--out=FILE")
  })

  it("is packed at another size by what is within its bounds, and trained on by the command that is shown", async () => {
    const data = await photos(["cats", "dogs"], 24, { "cats/bad.png": "no picture" })
    const out = `${fresh()}.pack`
    const pack = ["data", "pack", `--data=${data}`, `--out=${out}`]
    const small = await runInProcess(...pack, "--shorter-side=-5")
    assert.strictEqual(small.code, 2)
    assertPlainError(small.stderr, "shorter-side", "between 0 and 8192")
    const { code, stderr, stdout } = await runInProcess(...pack, "--shorter-side=9")
    assert.strictEqual(code, 0, stderr)
    const [, flags] = /^train on it: npx moco train (.*)$/m.exec(stdout)!
    assert.strictEqual(flags, `--data=${out} --set=data.files.shorterSide=9 --max-bad=0.021`)
    const trained = await runInProcess("train", ...flags!.split(" "), `--out=${fresh()}`, ...tiny)
    assert.strictEqual(trained.code, 0, trained.stderr)
  })
})

describe("a data set that has a name", () => {
  it("is trained on by that name, in the size of its images", async () => {
    const out = fresh()
    const small = [
      "--set",
      "encoder.layers=[1]",
      "--set",
      "encoder.width=4",
      "--set",
      "training.batchSize=1000"
    ]
    const { code, stderr } = await runInProcess(
      ...["train", "--recipe=photos", "--data=fashion-mnist-10k", `--out=${out}`, "--epochs=1"],
      ...[...small, "--set", "dictionary.size=64", "--split=validation"]
    )
    assert.strictEqual(code, 0, stderr)
    const { data } = configOf(out)
    assert.deepStrictEqual(data, { name: "fashion-mnist-10k", evaluationSplit: "validation", imageSize: 28 })
  })
})
