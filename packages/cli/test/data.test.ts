import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as Catalog from "@moco/data/Catalog"
import * as FolderLock from "@moco/train/FolderLock"
import { Effect } from "effect"
import { runInProcess as run } from "./inProcess.ts"
import { assertPlainError, fresh, lastLine, root, start } from "./program.ts"

const assets = join(root, "packages/data/assets/fashion-mnist")

/** Bytes of MNIST's files decompressed, by which alone they are known then. */
const sizes = {
  "train-images-idx3-ubyte": 47_040_016,
  "train-labels-idx1-ubyte": 60_008,
  "t10k-images-idx3-ubyte": 7_840_016,
  "t10k-labels-idx1-ubyte": 10_008
}
const names = Object.keys(sizes)

/** A folder with files that have the sizes of MNIST's. */
const decompressed = () => {
  const folder = fresh()
  mkdirSync(folder)
  for (const [name, size] of Object.entries(sizes)) {
    writeFileSync(join(folder, name), "")
    truncateSync(join(folder, name), size)
  }
  return folder
}

describe("data fetch", () => {
  it("copies what is there already, says where it is, and finds it from then on", async () => {
    const [from, dataDir] = [decompressed(), fresh()]
    const { code, stderr, stdout } = await run(
      "data",
      "fetch",
      "mnist",
      `--from=${from}`,
      `--data-dir=${dataDir}`
    )
    assert.strictEqual(code, 0, stderr)
    assert.include(stdout, `searched: ${dataDir}, ${dataDir}/mnist`)
    assert.include(stdout, `mnist is there:\n  ${dataDir}/mnist/train-images-idx3-ubyte\n`)
    assert.include(stdout, `train on it: npx moco train --data=mnist --data-dir=${dataDir}`)
    assert.sameMembers(readdirSync(join(dataDir, "mnist")), names)
    rmSync(from, { recursive: true })
    const again = await run("data", "fetch", "mnist", `--data-dir=${dataDir}`, "--json")
    assert.strictEqual(again.code, 0, again.stderr)
    assert.notInclude(again.stdout, "searched")
    const { files, name, state } = JSON.parse(lastLine(again.stdout))
    assert.deepStrictEqual([name, state], ["mnist", "found"])
    assert.deepInclude(files[0], { path: `${dataDir}/mnist/${names[0]}`, knownBy: "size" })
  })

  it("puts what nobody has named a folder for into the cache, where training looks", async () => {
    const cache = fresh()
    const env = { MOCO_CACHE_DIR: cache }
    const fetched = await start(["data", "fetch", "mnist", `--from=${decompressed()}`], env).ended
    assert.strictEqual(fetched.code, 0, fetched.stderr)
    assert.includeMembers(readdirSync(join(cache, "data", "mnist")), names)
    const { stdout } = await start(["data", "list"], env).ended
    assert.include(stdout, `found: ${cache}/data/mnist/${names[0]} and 3 more`)
  })

  it("keeps what is right of a part of a data set, and says what is missing", async () => {
    const dataDir = fresh()
    const { code, stderr } = await run(
      "data",
      "fetch",
      "fashion-mnist",
      `--from=${assets}`,
      `--data-dir=${dataDir}`
    )
    assert.strictEqual(code, 3, stderr)
    assertPlainError(stderr, "fashion-mnist: train-images-idx3-ubyte was not found", "or leave --from away")
    assert.sameMembers(readdirSync(join(dataDir, "fashion-mnist")), [
      "t10k-images-idx3-ubyte.gz",
      "t10k-labels-idx1-ubyte.gz"
    ])
  })

  it("keeps nothing of a file that is not the published one, and says how one knows", async () => {
    const [from, dataDir] = [join(fresh(), "..", "cifar-10-binary.tar.gz"), fresh()]
    writeFileSync(from, "not an archive")
    const { code, stderr } = await run("data", "fetch", "cifar10", `--from=${from}`, `--data-dir=${dataDir}`)
    assert.strictEqual(code, 4, stderr)
    assertPlainError(
      stderr,
      `${from} is damaged: its SHA-256 should be c4a38c50a1bc5f3a1c5537`,
      "nothing of it was kept"
    )
    assert.deepStrictEqual(readdirSync(join(dataDir, "cifar10")), [])
  })

  it("has nothing to do for images that come with the program", async () => {
    const { code, stdout } = await run("data", "fetch", "fashion-mnist-10k")
    assert.deepStrictEqual(
      [code, stdout],
      [0, "fashion-mnist-10k comes with this program: npx moco data verify fashion-mnist-10k"]
    )
  })

  it("is told of a name that is none, of a path that is none, and of a folder that cannot be made", async () => {
    const file = join(fresh(), "..", "file")
    writeFileSync(file, "")
    for (const [code, args, ...words] of [
      [2, ["cifar1"], "cifar1: is no data set that has a name", "did you mean cifar10?"],
      [2, ["\u001b[2J"], "\\u001b[2J: is no data set"],
      [2, [], "name: is missing"],
      [3, ["mnist", `--from=${file}/nowhere`, `--data-dir=${fresh()}`], `${file}/nowhere cannot be read`],
      [6, ["mnist", `--data-dir=${file}`], `${file}/mnist cannot be written: a part of the path is a file`]
    ] as const) {
      const ended = await run("data", "fetch", ...args)
      assert.strictEqual(ended.code, code, ended.stderr)
      assertPlainError(ended.stderr, ...words)
    }
  })

  it("does not fetch into a folder that another process fetches into, and says which", () =>
    Effect.gen(function* () {
      const dataDir = fresh()
      mkdirSync(join(dataDir, "mnist"), { recursive: true })
      yield* FolderLock.hold(join(dataDir, "mnist", "fetch.lock"))
      const from = decompressed()
      const args = ["data", "fetch", "mnist", `--from=${from}`, `--data-dir=${dataDir}`]
      const { code, stderr } = yield* Effect.promise(() => run(...args))
      assert.strictEqual(code, 6, stderr)
      assertPlainError(
        stderr,
        `${dataDir}/mnist cannot be written: process ${process.pid} is fetching into it`
      )
      assertPlainError(stderr, "wait until it has ended")
      assert.isFalse(existsSync(join(dataDir, "mnist", names[0]!)))
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer), Effect.runPromise))

  it("writes through no link that has a file's name", async () => {
    const [from, dataDir] = [decompressed(), fresh()]
    const target = join(from, "..", "target")
    mkdirSync(join(dataDir, "mnist"), { recursive: true })
    symlinkSync(target, join(dataDir, "mnist", `${names[0]}.part`))
    const { code, stderr } = await run("data", "fetch", "mnist", `--from=${from}`, `--data-dir=${dataDir}`)
    assert.strictEqual(code, 6, stderr)
    assertPlainError(stderr, `${names[0]}.part cannot be written`)
    assert.isFalse(existsSync(target))
  })
})

describe("data list", () => {
  it("says of every data set what it is, whether it is there, and what there is to download", async () => {
    const { code, stdout } = await run("data", "list", `--data-dir=${fresh()}`)
    assert.strictEqual(code, 0)
    const lines = stdout.split("\n")
    assert.lengthOf(lines, 2 * Catalog.names.length)
    const of = (name: string) => lines.indexOf(lines.find((line) => line.startsWith(`${name} `))!)
    assert.include(
      lines[of("cifar10")],
      "50000 images + 10000 to evaluate on, 32 x 32 RGB, 10 classes; no licence is published"
    )
    assert.include(lines[of("cifar10") + 1], "not there: npx moco data fetch cifar10 (170 MB)")
    assert.include(
      lines[of("stl10-unlabelled")],
      "100000 images + 5000 with labels and 8000 to evaluate on, 96 x 96 RGB, 10 classes"
    )
    assert.include(lines[of("kmnist")], "gray, 10 classes; licence CC BY-SA 4.0")
    assert.include(
      lines[of("fashion-mnist-10k") + 1],
      `comes with this program: ${assets}/t10k-images-idx3-ubyte.gz and 1 more`
    )
  })

  it("says what is missing of a data set that is there in part, as JSON too", async () => {
    const dataDir = decompressed()
    rmSync(join(dataDir, "t10k-labels-idx1-ubyte"))
    const { stdout } = await run("data", "list", `--data-dir=${dataDir}`)
    assert.include(stdout, "not whole, missing: t10k-labels-idx1-ubyte: npx moco data fetch mnist (11.6 MB)")
    const { datasets } = JSON.parse(
      lastLine((await run("data", "list", `--data-dir=${dataDir}`, "--json")).stdout)
    )
    assert.deepStrictEqual(
      datasets.map(({ name }: { name: string }) => name),
      [...Catalog.names]
    )
    const mnist = datasets.find(({ name }: { name: string }) => name === "mnist")
    assert.deepInclude(mnist, {
      state: "incomplete",
      downloadBytes: 11_594_722,
      numClasses: 10,
      licence: "CC BY-SA 3.0"
    })
    assert.deepInclude(mnist.files[3], { file: "t10k-labels-idx1-ubyte", path: null })
  })
})

describe("data verify", () => {
  it("says of every file of the sets that are there by what it is known to be right", async () => {
    const { code, stderr, stdout } = await run("data", "verify", "fashion-mnist-10k", "--json")
    assert.strictEqual(code, 0, stderr)
    assert.match(stdout, /^ok {7}fashion-mnist-10k: .*t10k-images-idx3-ubyte.gz \(by SHA-256\)$/m)
    assert.deepInclude(JSON.parse(lastLine(stdout)).datasets[0].files[1], { state: "ok", knownBy: "SHA-256" })
    const mnist = await run("data", "verify", "mnist", `--data-dir=${decompressed()}`)
    assert.strictEqual(mnist.code, 0, mnist.stderr)
    assert.include(mnist.stdout, "train-labels-idx1-ubyte (by its size, which is all that is known)")
  })

  it("ends as a run would that reads what is damaged, after it has looked at all of it", async () => {
    const dataDir = decompressed()
    writeFileSync(join(dataDir, "train-labels-idx1-ubyte"), "short")
    const { code, stderr, stdout } = await run("data", "verify", "mnist", `--data-dir=${dataDir}`, "--json")
    assert.strictEqual(code, 4, stderr)
    assert.include(
      stdout,
      `DAMAGED  mnist: ${dataDir}/train-labels-idx1-ubyte is damaged: its size should be 60008 bytes, it is 5 bytes`
    )
    assert.match(stdout, /^ok {7}mnist: .*t10k-labels-idx1-ubyte /m)
    assertPlainError(stderr, "train-labels-idx1-ubyte is damaged", "npx moco data fetch mnist")
    const states = JSON.parse(lastLine(stdout)).datasets[0].files.map(({ state }: { state: string }) => state)
    assert.deepStrictEqual(states, ["ok", "damaged", "ok", "ok"])
  })

  it("ends as a run would that misses a file, for a set that was named or is there in part", async () => {
    const named = await run("data", "verify", "cifar10", `--data-dir=${fresh()}`)
    assert.strictEqual(named.code, 3, named.stderr)
    assert.include(named.stdout, "MISSING  cifar10: cifar-10-binary.tar.gz")
    assertPlainError(named.stderr, "install it with: npx moco data fetch cifar10")
    const dataDir = decompressed()
    rmSync(join(dataDir, "t10k-labels-idx1-ubyte"))
    assert.strictEqual((await run("data", "verify", `--data-dir=${dataDir}`)).code, 4)
    rmSync(join(dataDir, "t10k-images-idx3-ubyte"))
    rmSync(join(dataDir, "train-images-idx3-ubyte"))
    rmSync(join(dataDir, "train-labels-idx1-ubyte"))
    const none = await run("data", "verify", `--data-dir=${dataDir}`)
    assert.deepStrictEqual([none.code, none.stderr], [0, ""])
    assert.notInclude(none.stdout, "MISSING")
  })
})

describe("training on a data set that is not there", () => {
  it("names the command that fetches it", async () => {
    const args = ["train", "--data=cifar10", `--data-dir=${fresh()}`, `--out=${fresh()}`, "--recipe=photos"]
    const { code, stderr } = await run(...args)
    assert.strictEqual(code, 3, stderr)
    assertPlainError(stderr, "cifar-10-binary.tar.gz was not found", "npx moco data fetch cifar10")
  })
})
