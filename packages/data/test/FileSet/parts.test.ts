import { assert, describe, it } from "@effect/vitest"
import type { EvaluationSplit } from "@moco/data/Catalog"
import { type HoldBack, type Parts, partsOf } from "@moco/data/FileSet/parts"
import fc from "fast-check"

const holdBack: HoldBack = { fraction: 0.1, seed: 0 }

/** `number` images in each of these folders, in the order in which a tree is listed. */
const filesIn = (numbers: Readonly<Record<string, number>>) =>
  Object.entries(numbers)
    .flatMap(([folder, number]) => Array.from({ length: number }, (_, image) => `${folder}${image}.png`))
    .sort()

const counts = ({ classes, test, train }: Parts) => ({
  train: train.rows.length,
  test: test?.rows.length,
  classes
})

/** The name of every file's class, as its label says. */
const classesOf = (files: ReadonlyArray<string>, { classes, test, train }: Parts) =>
  [train, test].flatMap((part) =>
    Array.from(part?.rows ?? [], (row, index) => [files[row]!, classes![part!.labels![index]!]] as const)
  )

describe("the parts of a folder of images", () => {
  it("are all to train on where there are no classes", () => {
    const root = filesIn({ "": 40 })
    const one = filesIn({ "cats/": 40 })
    const some = filesIn({ "": 3, "cats/": 40, "dogs/": 40 })
    for (const files of [root, one, some]) {
      assert.deepStrictEqual(partsOf(files, "test", holdBack), {
        classes: undefined,
        train: { rows: Int32Array.from(files.keys()), labels: undefined },
        test: undefined,
        numLeftOut: 0
      })
    }
  })

  it("are held back class by class where the folders are classes", () => {
    const files = filesIn({ "dogs/": 40, "cats/young/": 15, "cats/": 5, "rare/": 3, "one/": 1 })
    const parts = partsOf(files, "test", holdBack)
    assert.deepStrictEqual(counts(parts), {
      train: 64 - 4 - 2 - 1,
      test: 4 + 2 + 1,
      classes: ["cats", "dogs", "one", "rare"]
    })
    for (const [file, name] of classesOf(files, parts)) assert.isTrue(file.startsWith(`${name}/`))
  })

  it("are the folders that are named after them", () => {
    const tree = {
      "train/a/": 9,
      "train/b/": 9,
      "Test/a/": 2,
      "Test/b/": 2,
      "val/a/": 3,
      "val/b/": 3,
      "other/": 7
    }
    const classes = ["a", "b"]
    assert.deepStrictEqual(counts(partsOf(filesIn(tree), "test", holdBack)), { train: 18, test: 4, classes })
    assert.deepStrictEqual(counts(partsOf(filesIn(tree), "validation", holdBack)), {
      train: 18,
      test: 6,
      classes
    })
  })

  it("are no folders where train is a class among others", () => {
    const files = filesIn({ "bus/": 20, "car/": 20, "train/": 20 })
    const parts = partsOf(files, "test", holdBack)
    assert.deepStrictEqual(counts(parts), { train: 54, test: 6, classes: ["bus", "car", "train"] })
    assert.strictEqual(parts.numLeftOut, 0)
  })

  it("leave out what is in none of them, and count it", () => {
    const files = filesIn({ "train/a/": 9, "train/b/": 9, "val/a/": 2, "val/b/": 2, "extra/": 7, "": 3 })
    const parts = partsOf(files, "test", holdBack)
    assert.deepStrictEqual(counts(parts), { train: 18, test: 4, classes: ["a", "b"] })
    assert.strictEqual(parts.numLeftOut, 10)
  })

  it("are those that have classes where a folder for test has none", () => {
    const tree = { "train/a/": 20, "train/b/": 20, "val/a/": 3, "val/b/": 3, "test/": 9 }
    assert.deepStrictEqual(counts(partsOf(filesIn(tree), "test", holdBack)), {
      ...{ train: 40, test: 6, classes: ["a", "b"] }
    })
  })

  it("are the only other folder for test, and held back for validation", () => {
    const tree = { "training/a/": 20, "training/b/": 20, "validation/a/": 3, "validation/b/": 3 }
    const classes = ["a", "b"]
    assert.deepStrictEqual(counts(partsOf(filesIn(tree), "test", holdBack)), { train: 40, test: 6, classes })
    assert.deepStrictEqual(counts(partsOf(filesIn(tree), "validation", holdBack)), {
      train: 36,
      test: 4,
      classes
    })
  })

  it("are held back where there is nothing but a folder to train on", () => {
    const tree = { "train/a/": 20, "train/b/": 20 }
    const classes = ["a", "b"]
    assert.deepStrictEqual(counts(partsOf(filesIn(tree), "test", holdBack)), { train: 36, test: 4, classes })
    assert.deepStrictEqual(counts(partsOf(filesIn(tree), "validation", holdBack)), {
      train: 32,
      test: 4,
      classes
    })
  })

  const trees = fc.record({
    numbers: fc.dictionary(fc.constantFrom("a/", "b/", "c/", "d/e/"), fc.integer({ min: 1, max: 60 }), {
      minKeys: 2
    }),
    seed: fc.nat(0xffff_ffff),
    fraction: fc.constantFrom(0, 0.05, 0.1, 0.3)
  })

  it("never share an image, and what is held back for one split is not in the other's", () => {
    fc.assert(
      fc.property(trees, ({ fraction, numbers, seed }) => {
        const files = filesIn(numbers)
        const of = (split: EvaluationSplit) => partsOf(files, split, { fraction, seed })
        const [tested, validated] = [of("test"), of("validation")]
        const inTest = new Set(tested.test?.rows)
        assert.isFalse(tested.train.rows.some((row) => inTest.has(row)))
        assert.strictEqual(tested.train.rows.length + inTest.size, files.length)
        const inValidation = new Set(validated.test?.rows)
        for (const row of [...validated.train.rows, ...inValidation]) assert.isFalse(inTest.has(row))
        assert.isFalse(validated.train.rows.some((row) => inValidation.has(row)))
        assert.strictEqual(validated.train.rows.length + inValidation.size + inTest.size, files.length)
      })
    )
  })

  it("are drawn by the seed", () => {
    const files = filesIn({ "a/": 50, "b/": 50 })
    const heldBackBy = (seed: number) => partsOf(files, "test", { fraction: 0.1, seed }).test!.rows
    assert.deepStrictEqual(heldBackBy(1), heldBackBy(1))
    assert.notDeepEqual(heldBackBy(1), heldBackBy(2))
  })
})
