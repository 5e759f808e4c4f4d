import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { TensorLeak } from "@moco/core/testing"
import * as Embedding from "@moco/evaluation/Embedding"
import { Evaluations } from "@moco/evaluation/Evaluations"
import { Optimizer } from "@moco/train/Optimizer"
import { pretrainStep } from "@moco/train/PretrainStep"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import { mechanisms } from "./mechanisms.ts"
import { tinyRun } from "./tinyRun.ts"

const tensorflow = Backend.layerTensorflow({ threads: 2 })
const pixels = (image_NHWC: tf.Tensor4D) => tf.reshape(image_NHWC, [image_NHWC.shape[0], -1]) as tf.Tensor2D

describe("the stages of a run", () => {
  for (const [name, settings] of mechanisms)
    it.effect(`release all that they hold after a step with ${name}, however their scope ends`, () =>
      TensorLeak.checkEveryExit(
        Effect.flatMap(Layer.build(tinyRun(settings)), (context) =>
          Effect.gen(function* () {
            const takeStep = yield* pretrainStep
            yield* takeStep(0)
            assert.isNotEmpty((yield* Optimizer).snapshot())
          }).pipe(Effect.provideContext(context))
        )
      ).pipe(Effect.provide(tensorflow))
    )
})

describe("an evaluation", () => {
  const failing = Effect.gen(function* () {
    let calls = 0
    const [knn] = yield* Evaluations
    // The bank is embedded by the first call, and the second one is for the images that are evaluated.
    const represent = (image_NHWC: tf.Tensor4D) => {
      if (++calls === 2) throw new Error("no memory left")
      return pixels(image_NHWC)
    }
    const subject = { subject: "pixels", representation: "pixels", represent }
    return yield* Effect.flatMap(Embedding.open(subject), knn!.evaluate)
  }).pipe(Effect.scoped)

  it.effect("releases its bank where the representation fails half way", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(TensorLeak.check(failing))
      assert.strictEqual(error._tag, "TensorError")
      assert.include(error.message, "no memory left")
    }).pipe(Effect.provide(Layer.provideMerge(tinyRun(), tensorflow)))
  )
})
