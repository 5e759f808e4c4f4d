import { closeSync, ftruncateSync, mkdirSync, openSync, rmSync, statSync, writeSync } from "node:fs"
import { dirname, join } from "node:path"
import { assert, describe, it, onTestFinished } from "@effect/vitest"
import { fresh, startInShell, stepsOf } from "../program.ts"

const [numImages, size] = [5_500, 512]
const bytesOfImage = size * size * 3

/** Memory that the process may have beside what it maps of files: a quarter of the set. */
const limitKiB = 2 ** 20

/**
 * Images of 512 pixels in an array of 4.3 GB. Each is black but for a stripe at a place of its own; the black parts take
 * no room on the disk.
 */
const largeArray = (path: string) => {
  const words = `{'descr': '|u1', 'fortran_order': False, 'shape': (${numImages}, ${size}, ${size}, 3), }`
  const header = `${words.padEnd(128 - 11)}\n`
  const file = openSync(path, "wx")
  writeSync(file, Buffer.from([0x93, ...Buffer.from("NUMPY"), 1, 0, header.length, 0]))
  const start = 10 + writeSync(file, header)
  ftruncateSync(file, start + numImages * bytesOfImage)
  for (let image = 0; image < numImages; image++) {
    const stripe = new Uint8Array(4096).fill(1 + (image % 255))
    writeSync(file, stripe, 0, stripe.length, start + image * bytesOfImage + ((image * 7919 * 97) % 780_000))
  }
  closeSync(file)
}

const limited = (...args: ReadonlyArray<string>) =>
  startInShell(`ulimit -d ${limitKiB}; exec "$@"`, args).ended

describe("a set of images that is larger than memory", () => {
  it("is trained on by its parts, in a quarter of the memory that it would take", async () => {
    const out = fresh()
    mkdirSync(dirname(out), { recursive: true })
    const data = join(dirname(out), "large.npy")
    onTestFinished(() => rmSync(data, { force: true }))
    largeArray(data)
    assert.isAbove(statSync(data).size, 4 * limitKiB * 1024)
    const tiny = ["encoder.layers=[1]", "encoder.width=4", "encoder.stem=imagenet", "encoder.featureSize=16"]
    const { code, stderr } = await limited(
      ...["train", `--data=${data}`, `--out=${out}`, "--image-size=16", "--epochs=1"],
      ...tiny.map((setting) => `--set=${setting}`)
    )
    assert.strictEqual(code, 0, stderr)
    assert.lengthOf(stepsOf(out), Math.floor(numImages / 128))
  }, 600_000)

  it("would be none where the limit were none: what takes that much memory at once fails under it", async () => {
    const script = `ulimit -d ${limitKiB}; exec "$1" -e "Buffer.alloc(${limitKiB} * 1024)"`
    const { code, stderr } = await startInShell(script, []).ended
    assert.notStrictEqual(code, 0)
    assert.include(stderr, "allocation failed")
  })
})
