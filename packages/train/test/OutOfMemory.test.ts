import { assert, describe, it } from "@effect/vitest"
import { TensorError } from "@moco/core/Tensor"
import { explain } from "@moco/train/OutOfMemory"
import { decode } from "@moco/train/RunConfig"
import { validConfig } from "@moco/train/testing/validConfig"
import { Effect } from "effect"

const failed = (message: string) =>
  new TensorError({ operation: "PretrainStep.gradient", cause: new Error(message) })

const tensorflows = "Invalid TF_Status: 8\nMessage: OOM when allocating tensor with shape[128,64,32,32]"

describe("OutOfMemory", () => {
  it("is told from other failures of an operation, in TensorFlow's words and in JavaScript's", () => {
    for (const message of [
      tensorflows,
      "Array buffer allocation failed",
      "Invalid typed array length: 9999999999"
    ]) {
      assert.strictEqual(explain(failed(message), validConfig)._tag, "OutOfMemory", message)
    }
    const other = failed("Invalid TF_Status: 3\nMessage: Input to reshape is a tensor with 5 values")
    assert.strictEqual(explain(other, validConfig), other)
  })

  it.effect("proposes a batch that the same config can be started with", () =>
    Effect.gen(function* () {
      const { message } = explain(failed(tensorflows), validConfig)
      assert.include(message, "PretrainStep.gradient found no memory: OOM when allocating tensor")
      assert.include(message, "--set training.batchSize=64;")
      yield* decode({ ...validConfig, training: { ...validConfig.training, batchSize: 64 } })
    })
  )

  it("proposes a smaller dictionary too where that is large", () => {
    const large = { ...validConfig, dictionary: { kind: "queue", size: 65536 } } as const
    assert.include(explain(failed(tensorflows), large).message, "or dictionary.size=32768")
  })

  it("proposes a narrower encoder where the batch cannot be halved", () => {
    const small = {
      ...validConfig,
      encoder: { ...validConfig.encoder, batchNormGroups: 4 },
      training: { epochs: 1, batchSize: 8 }
    }
    assert.include(
      explain(failed(tensorflows), small).message,
      "a smaller encoder (layers, width, featureSize)"
    )
  })
})
