import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import * as Catalog from "@moco/data/Catalog"
import { fashionMnist } from "@moco/data/Catalog/fashionMnist"
import { Dataset } from "@moco/data/Dataset"
import { sizeOf } from "@moco/data/ImageSource"
import { Effect, FileSystem, Option, Path } from "effect"
import { images } from "./Catalog/images.ts"

const [debianDir] = fashionMnist.place.systemDirs
const ofTest = ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]
const ofMnist = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", ...ofTest]

/** What is looked for, where nothing is there. */
const filesOf: Readonly<Record<Catalog.CatalogName, ReadonlyArray<string>>> = {
  "fashion-mnist-10k": ofTest,
  "fashion-mnist": ofMnist,
  mnist: ofMnist,
  kmnist: ofMnist,
  cifar10: ["cifar-10-binary.tar.gz"],
  cifar100: ["cifar-100-binary.tar.gz"],
  stl10: ["stl10_binary.tar.gz"],
  "stl10-unlabelled": ["stl10_binary/unlabeled_X.bin", "stl10_binary.tar.gz"]
}

layer(NodeServices.layer)("Catalog", (it) => {
  for (const name of Catalog.names) {
    const { channels, classes, numImages, place, size } = Catalog.entryOf(name)
    for (const split of ["test", "validation"] as const) {
      it.effect(`knows the images of ${name} before they are read, evaluated on the ${split} split`, () =>
        Effect.gen(function* () {
          const dirs = yield* Catalog.searchDirs(name, {})
          const found = yield* Catalog.find(name, dirs)
          const nowhere = yield* Catalog.find(name, ["/nowhere"])
          assert.deepStrictEqual(
            nowhere,
            filesOf[name].map((file) => ({ file, path: Option.none() }))
          )
          assert.isTrue(
            Object.values(numImages).every(({ evaluation, train }) => train >= 1 && evaluation >= 1)
          )
          if (found.some(({ path }) => Option.isNone(path)))
            return assert.strictEqual(place.kind, "installed")
          const { input, test, train } = yield* images(name, split, dirs)
          assert.deepStrictEqual({ train: train.numImages, evaluation: test.numImages }, numImages[split])
          for (const source of [train, test]) {
            assert.strictEqual(source.channels, channels)
            assert.deepStrictEqual(source.classes, classes)
            if (size !== undefined) assert.deepInclude(sizeOf(source, source.numImages - 1), size)
          }
          assert.deepStrictEqual(input, { height: 28, width: 28, channels })
        })
      )
    }
  }

  it.effect("shows an encoder images in the size of the config, whatever their own", () =>
    Effect.gen(function* () {
      const choice = { name: "fashion-mnist-10k", evaluationSplit: "test", imageSize: 32 } as const
      const { input, train } = yield* Effect.provide(Dataset, Catalog.layer(choice, []))
      assert.deepStrictEqual(input, { height: 32, width: 32, channels: 1 })
      assert.deepInclude(train.size, { kind: "fixed", height: 28, width: 28 })
    })
  )

  it.effect("says where a damaged embedded file comes back from", () =>
    Effect.sync(() => {
      assert.strictEqual(
        Catalog.installHint("fashion-mnist-10k"),
        "restore it with: git checkout -- packages/data/assets"
      )
    })
  )

  it.effect("finds files in the first folder that has them, compressed ones first", () =>
    Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      const first = yield* fileSystem.makeTempDirectoryScoped()
      const second = yield* fileSystem.makeTempDirectoryScoped()
      for (const path of [
        `${first}/train-labels-idx1-ubyte`,
        `${second}/train-labels-idx1-ubyte.gz`,
        `${second}/t10k-labels-idx1-ubyte`,
        `${second}/t10k-labels-idx1-ubyte.gz`
      ]) {
        yield* fileSystem.writeFile(path, new Uint8Array())
      }
      assert.deepStrictEqual(yield* Catalog.find("fashion-mnist", [first, second]), [
        { file: "train-images-idx3-ubyte", path: Option.none() },
        { file: "train-labels-idx1-ubyte", path: Option.some(`${first}/train-labels-idx1-ubyte`) },
        { file: "t10k-images-idx3-ubyte", path: Option.none() },
        { file: "t10k-labels-idx1-ubyte", path: Option.some(`${second}/t10k-labels-idx1-ubyte.gz`) }
      ])
    })
  )

  it.effect("looks into the folder that the user names and no other, else into the cache and Debian's", () =>
    Effect.gen(function* () {
      const path = yield* Path.Path
      assert.deepStrictEqual(yield* Catalog.searchDirs("fashion-mnist", {}), [debianDir])
      assert.deepStrictEqual(yield* Catalog.searchDirs("fashion-mnist", { cacheDir: "cache" }), [
        path.join("cache", "data", "fashion-mnist"),
        debianDir
      ])
      assert.deepStrictEqual(
        yield* Catalog.searchDirs("fashion-mnist", { dataDir: "mine", cacheDir: "cache" }),
        ["mine", path.join("mine", "fashion-mnist")]
      )
    })
  )
})
