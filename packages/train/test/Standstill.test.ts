import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { ContrastiveLoss } from "@moco/core/ContrastiveLoss"
import { Checkpoints } from "@moco/train/Checkpoints"
import { pretrain } from "@moco/train/Pretrain"
import { standstills } from "@moco/train/Pretrain/standstill"
import { RecordedEvents, RunLog } from "@moco/train/RunLog"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import { tinyRun } from "./tinyRun.ts"

const healthy = { featureStd: 0.1, gradientNorm: 2 }

describe("a standstill", () => {
  it("is told in the step in which it begins, once, and again where it begins again", () => {
    const begunBy = standstills()
    const told = [
      healthy,
      { featureStd: 0.1, gradientNorm: 0 },
      { featureStd: 0, gradientNorm: 0 },
      { featureStd: 0, gradientNorm: 0 },
      healthy,
      { featureStd: 0, gradientNorm: 1e-9 }
    ].map((numbers) => begunBy(numbers).map(({ metric, value }) => [metric, value]))
    const [none, gradient, feature] = [[], [["gradientNorm", 0]], [["featureStd", 0]]]
    assert.deepStrictEqual(told, [none, gradient, feature, none, none, feature])
  })

  it("is equal features but for rounding too, and no small gradient", () => {
    assert.strictEqual(standstills()({ ...healthy, featureStd: 5e-8 }).length, 1)
    assert.strictEqual(standstills()({ ...healthy, featureStd: 1e-4, gradientNorm: 1e-20 }).length, 0)
  })

  it.effect("of a run stands in its log once, and the run goes on", () =>
    Effect.gen(function* () {
      // A loss that no feature has a part in.
      const indifferent = Effect.updateService(ContrastiveLoss, (loss) => ({
        ...loss,
        compare: (similarities, keep) => {
          const compared = loss.compare(similarities, keep)
          return { ...compared, mean: tf.mul(compared.mean, 0) }
        }
      }))
      yield* indifferent(pretrain({ numEpochs: 1 }))
      const events = yield* (yield* RecordedEvents).all
      const told = events.flatMap((event) =>
        event.event === "standstill" ? [[event.step, event.metric, event.value]] : []
      )
      assert.deepStrictEqual(told, [[0, "gradientNorm", 0]])
      assert.strictEqual(events.at(-1)?.event, "finished")
    }).pipe(
      Effect.provide(
        Layer.mergeAll(
          Layer.provideMerge(tinyRun(), Backend.layerTensorflow({ threads: 2 })),
          RunLog.layerMemory,
          Checkpoints.layerNone
        )
      )
    )
  )
})
