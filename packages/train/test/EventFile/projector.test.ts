import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { writeProjector } from "@moco/train/EventFile/projector"
import { Effect } from "effect"
import fc from "fast-check"
import { inTemporary } from "../inTemporary.ts"

const points = { data: Float32Array.of(1, -0.1, 2.5e-8, 4), shape: [2, 2] } as const
const textIn = (folder: string, name: string) => readFileSync(join(folder, name), "utf8")

describe("An embedding for the projector", () => {
  it.effect("is its points, the classes of their labels, their images, and what names them", () =>
    inTemporary(
      (folder) =>
        Effect.gen(function* () {
          const sprite = { png: Uint8Array.of(1, 2), width: 28, height: 20 }
          yield* writeProjector(folder, { points, labels: [1, 0], classes: ["a\tb\n", "c"], sprite })
          assert.strictEqual(textIn(folder, "tensors.tsv"), "1\t-0.1\n2.5e-8\t4\n")
          assert.strictEqual(textIn(folder, "metadata.tsv"), "class\tlabel\nc\t1\na b \t0\n")
          assert.deepStrictEqual([...readFileSync(join(folder, "sprite.png"))], [1, 2])
          assert.strictEqual(
            textIn(folder, "projector_config.pbtxt"),
            'embeddings {\n  tensor_name: "features"\n  tensor_shape: 2\n  tensor_shape: 2\n  tensor_path: "tensors.tsv"\n' +
              '  metadata_path: "metadata.tsv"\n  sprite {\n    image_path: "sprite.png"\n    single_image_dim: 28\n' +
              "    single_image_dim: 20\n  }\n}\n"
          )
        }),
      "tensorboard"
    )
  )

  it.effect("may be of points alone, or have labels without names, in a column without a heading", () =>
    inTemporary((folder) =>
      Effect.gen(function* () {
        yield* writeProjector(folder, { points })
        assert.sameMembers(readdirSync(folder), ["tensors.tsv", "projector_config.pbtxt"])
        assert.notInclude(textIn(folder, "projector_config.pbtxt"), '_path: "metadata')
        yield* writeProjector(folder, { points, labels: Uint8Array.of(7, 3) })
        assert.strictEqual(textIn(folder, "metadata.tsv"), "7\n3\n")
      })
    )
  )

  it.effect("has every number to the bit of a float32", () =>
    inTemporary((folder) =>
      Effect.gen(function* () {
        const numbers = fc.sample(fc.float({ noNaN: true, noDefaultInfinity: true }), 500)
        const data = Float32Array.from(numbers)
        yield* writeProjector(folder, { points: { data, shape: [data.length, 1] } })
        const read = textIn(folder, "tensors.tsv").trimEnd().split("\n").map(Number)
        // TensorBoard knows one zero.
        assert.deepStrictEqual(
          read.map((value) => Math.fround(value) + 0),
          numbers.map((value) => value + 0)
        )
      })
    )
  )

  it.effect("is refused, with what is wrong, and nothing is written", () =>
    inTemporary((folder) =>
      Effect.gen(function* () {
        const none = { ...points, data: Float32Array.of(1, 2, Number.NaN, 4) }
        for (const [embedding, problem] of [
          [{ points: { ...points, shape: [2, 3] } }, "4 numbers are no 2 points of 3 numbers each"],
          [{ points: { data: new Float32Array(), shape: [0, 2] } }, "there are no points"],
          [{ points: none }, "point 1 holds NaN"],
          [{ points, labels: [1] }, "there are 1 labels for 2 points"],
          [{ points, labels: [0, 2], classes: ["a", "b"] }, "label 2 is none of the 2 classes"]
        ] as const) {
          const { message } = yield* Effect.flip(writeProjector(folder, embedding))
          assert.include(message, problem)
        }
        assert.isFalse(existsSync(join(folder, "tensors.tsv")))
      })
    )
  )
})
