import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import { cifar10Files } from "@moco/data/Catalog/cifar10"
import { cifar100Files } from "@moco/data/Catalog/cifar100"
import * as Cifar from "@moco/data/ImageSource/Cifar"
import { Effect } from "effect"
import { imagesOf } from "../../imagesOf.ts"
import { folderArchive, placed, whereabouts } from "../../published/archives.ts"
import { refusal } from "../../published/refusal.ts"

layer(NodeServices.layer)("CIFAR as it is published", (it) => {
  /** Without digests: only who has the published images can have them. */
  const unknown = (of: Cifar.Cifar): Cifar.Cifar => {
    const strip = ({ digest: _, ...batches }: Cifar.Batches): Cifar.Batches => batches
    const [first, ...others] = of.published
    return { ...of, published: [strip(first), ...others.map(strip)] }
  }

  it.effect("has 3,073 bytes a row, in six files of 10,000", () =>
    Effect.gen(function* () {
      const batch = (number: number) => {
        const bytes = new Uint8Array(10_000 * 3073).fill(number)
        for (let image = 0; image < 10_000; image++) bytes[image * 3073] = image % 10
        // Red of the second pixel of the second image, and blue of its last.
        bytes[3073 + 1 + 1] = 200
        bytes[3073 + 1 + 3071] = 100
        return bytes
      }
      const files = Object.fromEntries([1, 2, 3, 4, 5].map((n) => [`data_batch_${n}.bin`, batch(n)]))
      const archive = yield* folderArchive("cifar-10-batches-bin", { ...files, "test_batch.bin": batch(6) })
      const dir = yield* placed({ "cifar-10-binary.tar.gz": archive })
      const [train, test] = yield* Cifar.read(unknown(cifar10Files), ["train", "test"], whereabouts(dir))
      assert.deepStrictEqual([train!.numImages, test!.numImages], [50_000, 10_000])
      const [, , , one] = imagesOf(train!, [0, 9_999, 10_000, 10_001])
      assert.deepStrictEqual([...one!.pixels_HWC.subarray(0, 6)], [2, 2, 2, 200, 2, 2])
      assert.deepStrictEqual([...one!.pixels_HWC.subarray(-3)], [2, 2, 100])
      assert.deepStrictEqual([...test!.labels!.subarray(0, 12)], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1])
      const message = yield* refusal(Cifar.read(cifar10Files, ["train"], whereabouts(dir)), "DatasetCorrupt")
      assert.include(message, "cifar-10-binary.tar.gz is damaged: its SHA-256 should be c4a38c50a1bc5f3a")
    })
  )

  it.effect("has classes, files and sizes that fit together", () =>
    Effect.sync(() => {
      const sizes = [cifar10Files, cifar100Files].map((of) =>
        Cifar.formatsOf(of).map(({ folder, parts }) => [
          folder,
          parts.map(({ maxBytes, minBytes, name }) => [name, minBytes, maxBytes - minBytes > 0])
        ])
      )
      const batches = (ending: string, numBytes: number, isLonger: boolean) =>
        [1, 2, 3, 4, 5].map((n) => [`data_batch_${n}${ending}`, numBytes, isLonger])
      assert.deepStrictEqual(sizes, [
        [
          [
            "cifar-10-batches-bin",
            [...batches(".bin", 30_730_000, false), ["test_batch.bin", 30_730_000, false]]
          ],
          ["cifar-10-batches-py", [...batches("", 30_720_000, true), ["test_batch", 30_720_000, true]]]
        ],
        [
          [
            "cifar-100-binary",
            [
              ["train.bin", 153_700_000, false],
              ["test.bin", 30_740_000, false]
            ]
          ],
          [
            "cifar-100-python",
            [
              ["train", 153_600_000, true],
              ["test", 30_720_000, true]
            ]
          ]
        ]
      ])
      for (const { classes, labels } of [cifar10Files, cifar100Files]) {
        assert.strictEqual(new Set(classes).size, labels.at(-1)!.numClasses)
      }
      assert.deepStrictEqual([...cifar100Files.classes], [...cifar100Files.classes].sort())
    })
  )
})
