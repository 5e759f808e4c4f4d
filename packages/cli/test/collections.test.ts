import { execFileSync } from "node:child_process"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import sharp from "sharp"
import { runInProcess } from "./inProcess.ts"
import { assertPlainError, fresh } from "./program.ts"

const tiny = [
  ...["--set", "encoder.layers=[1]", "--set", "encoder.width=4", "--set", "encoder.featureSize=8"],
  ...["--image-size=8", "--epochs=1"]
]

const npyOf = (shape: ReadonlyArray<number>, content: Uint8Array) => {
  const text = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`
  return Buffer.concat([
    Buffer.from([0x93, ...Buffer.from("NUMPY"), 1, 0, 128 - 10, 0]),
    Buffer.from(`${text.padEnd(128 - 11)}\n`),
    content
  ])
}

/** Images of six channels, and labels of two classes beside them. */
const arrays = (numImages: number): string => {
  const folder = dirname(fresh())
  const pixels = Uint8Array.from({ length: numImages * 9 * 7 * 6 }, (_, at) => (at * 37 + (at >> 5)) % 256)
  writeFileSync(join(folder, "bands.npy"), npyOf([numImages, 9, 7, 6], pixels))
  const labels = Uint8Array.from({ length: numImages }, (_, image) => image % 2)
  writeFileSync(join(folder, "bands_labels.npy"), npyOf([numImages], labels))
  return join(folder, "bands.npy")
}

describe("an array of images of six channels", () => {
  it("is trained on and evaluated by its name alone, as it is", async () => {
    const [data, out] = [arrays(48), fresh()]
    const { code, stderr, stdout } = await runInProcess("train", `--data=${data}`, `--out=${out}`, ...tiny)
    assert.strictEqual(code, 0, stderr)
    assert.include(stdout, "44 images to train on, in classes of about 7 pixels, 6 channels each")
    assert.include(stdout, "44 images of bands.npy, evaluated on 4")
    assert.include(stdout, "kNN accuracy")
    const card = JSON.parse(readFileSync(join(out, "encoder.json"), "utf8"))
    assert.strictEqual(card.input.mean.length, 6)
  })

  it("is told of where a setting needs colours, where images are too few, and where nothing is to be packed", async () => {
    const refused = async (args: ReadonlyArray<string>, ...words: ReadonlyArray<string>) => {
      const { code, stderr } = await runInProcess(...args)
      assert.notStrictEqual(code, 0)
      assertPlainError(stderr, ...words)
    }
    const data = arrays(48)
    const train = ["train", `--out=${fresh()}`, ...tiny]
    await refused(
      [...train, `--data=${data}`, "--set", "augmentation.hue=0.1"],
      "hue = 0.1: is of images of 3 channels, red, green and blue; these have 6",
      "set augmentation.hue to 0"
    )
    await refused([...train, `--data=${data}`, "--max-bad=0.1"], "--max-bad=0.1: is of no use", "is an array")
    for (const setting of [
      "shorterSide=9",
      "background=[0,0,0]",
      "maxPixels=99",
      "keepDecoded=0",
      "maxBad=0.5"
    ]) {
      const unused = ["--set", `data.files.${setting}`]
      const words = [`--set data.files.${setting}: is of no use`, "bands.npy is an array", "leave it away"]
      await refused([...train, `--data=${arrays(12)}`, ...unused], ...words)
    }
    await refused([...train, `--data=${arrays(1)}`], "images to train on = 1: must be 8 or more", "bands.npy")
    await refused(
      ["data", "pack", `--data=${data}`, `--out=${fresh()}`],
      "nothing is to be decoded",
      `npx moco train --data=${data}`
    )
  })

  it("is shown by its first channel, with the numbers of its classes", async () => {
    const out = `${fresh()}.png`
    const { code, stderr, stdout } = await runInProcess(
      "data",
      "show",
      `--data=${arrays(20)}`,
      `--out=${out}`
    )
    assert.strictEqual(code, 0, stderr)
    assert.include(stdout, "18 images to train on, 2 to evaluate on; 6 channels, 9 x 7")
    assert.match(stdout, /9 {2}0\n +9 {2}1/)
    assert.strictEqual((await sharp(out).metadata()).format, "png")
  })
})

describe("shards of a folder", () => {
  it("are trained on like the folder that was put into them, and what is left out is said", async () => {
    const root = dirname(fresh())
    for (const [place, name] of ["train/cats", "train/dogs", "test/cats", "test/dogs"].entries()) {
      mkdirSync(join(root, name), { recursive: true })
      for (let number = 0; number < 12; number++) {
        const background = { r: 20 * place, g: 10 * number, b: 99 }
        const image = sharp({ create: { width: 12, height: 10, channels: 3, background } })
        writeFileSync(join(root, name, `${number}.png`), await image.png().toBuffer())
      }
    }
    mkdirSync(join(root, "shards"))
    for (const part of ["train", "test"]) {
      execFileSync("tar", ["-cf", join(root, "shards", `${part}-0.tar`), part], { cwd: root })
    }
    writeFileSync(join(root, "shards", "preview.png"), await sharp(join(root, "test/cats/0.png")).toBuffer())
    const data = join(root, "shards")
    const { code, stderr, stdout } = await runInProcess(
      ...["train", `--data=${data}`, `--out=${fresh()}`, ...tiny]
    )
    assert.strictEqual(code, 0, stderr)
    assert.include(
      stdout,
      "note: taken are 2 tar archives, which are most of the folder's bytes; 1 image files"
    )
    assert.include(stdout, "24 images of shards, evaluated on 24")
  }, 60_000)
})
