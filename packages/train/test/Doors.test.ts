import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { Dictionary } from "@moco/core/Dictionary"
import { QueryEncoder } from "@moco/core/Encoder"
import { fromHost, toHost } from "@moco/core/HostTensors"
import { decode, encode } from "@moco/core/Safetensors"
import { Checkpoints } from "@moco/train/Checkpoints"
import { encoderBytes } from "@moco/train/EncoderExport"
import { pretrain } from "@moco/train/Pretrain"
import { RecordedEvents, RunLog } from "@moco/train/RunLog"
import { type CapturedState, RunState } from "@moco/train/RunState"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer } from "effect"
import { stateOf } from "./stateOf.ts"
import { backends, tinyRun } from "./tinyRun.ts"

const withState = Layer.provideMerge(
  RunState.layer,
  Layer.provideMerge(tinyRun(), Backend.layerTensorflow({ threads: 2 }))
)

/** A copy of a state in which one number of a tensor is none. */
const spoiled = Effect.fnUntraced(function* (state: CapturedState, part: string, name: string) {
  const { tensors } = yield* decode(state.parts[part]!)
  const bytes = encode(
    toHost(
      Object.fromEntries(
        Object.entries(fromHost(tensors)).map(([key, tensor]) => {
          if (key !== name) return [key, tensor]
          const numbers = Float32Array.from(tensor.dataSync())
          numbers[numbers.length >> 1] = Number.NaN
          return [key, tf.tensor(numbers, tensor.shape)]
        })
      )
    )
  )
  return { ...state, parts: { ...state.parts, [part]: bytes } }
})

const settings = { numEpochs: 1 }

describe("a number that is none", () => {
  for (const [part, name] of [
    ["query.safetensors", "query.statistics.bn1.running_var"],
    ["optimizer.safetensors", "layer1.0.conv1.weight"],
    ["dictionary.safetensors", "queue"],
    ["dictionary.safetensors", "key.parameters.fc.weight"]
  ] as const)
    it.effect(`is not restored: ${name}, and the state stays as it is`, () =>
      Effect.gen(function* () {
        const state = yield* RunState
        const before = yield* stateOf
        const error = yield* Effect.flip(state.restore(yield* spoiled(yield* state.capture, part, name)))
        assert.strictEqual(error._tag, "NonFiniteTensors")
        assert.include(error.message, `the state to be restored, ${part}, is not finite: NaN at ${name}`)
        assert.deepStrictEqual(yield* stateOf, before)
      }).pipe(Effect.provide(withState))
    )

  it.effect("is neither saved nor exported, however it came into the encoder", () =>
    Effect.gen(function* () {
      const { statistics } = yield* QueryEncoder
      const { "bn1.running_var": variance, ...others } = statistics.get()
      statistics.replace({ ...others, "bn1.running_var": tf.fill(variance!.shape, Number.POSITIVE_INFINITY) })
      const saved = yield* Effect.flip((yield* RunState).capture)
      assert.include(
        saved.message,
        "query.safetensors, is not finite: Infinity at query.statistics.bn1.running_var"
      )
      const exported = yield* Effect.flip(encoderBytes(1))
      assert.include(exported.message, "the encoder to be exported is not finite: Infinity at")
    }).pipe(Effect.provide(withState))
  )

  it.effect("is not saved in a dictionary", () =>
    Effect.gen(function* () {
      const { restore, snapshot } = yield* Dictionary
      const { counters, tensors } = snapshot()
      const queue = tf.fill(tensors["queue"]!.shape, Number.NaN)
      yield* restore({ tensors: { ...tensors, queue }, counters })
      const error = yield* Effect.flip((yield* RunState).capture)
      assert.include(error.message, "dictionary.safetensors, is not finite: NaN at queue")
    }).pipe(Effect.provide(withState))
  )

  for (const { layer, name } of backends) {
    const logged = Layer.mergeAll(
      Layer.provideMerge(tinyRun(), layer),
      RunLog.layerMemory,
      Checkpoints.layerNone
    )

    it.effect(`is not evaluated: it ends the run, which says whose representation it is, on ${name}`, () =>
      Effect.gen(function* () {
        // Too large to be squared, so that rows of length 1 would be 0.
        const vast = Effect.updateService(QueryEncoder, (query) => ({
          ...query,
          network: {
            ...query.network,
            represent: (weights, image_NHWC) => tf.mul(query.network.represent(weights, image_NHWC), 1e30)
          },
          untrained: query.untrained
        }))
        const untrained = yield* Effect.flip(vast(pretrain(settings)))
        assert.strictEqual(untrained._tag, "NonFiniteTensors")
        assert.include(untrained.message, "the untrained encoder's representation is not finite: Infinity")

        let calls = 0
        const later = Effect.updateService(QueryEncoder, (query) => ({
          ...query,
          network: {
            ...query.network,
            // The training and the judged images are one batch each: the third is the trained encoder's.
            represent: (weights, image_NHWC) => {
              const row_NC = query.network.represent(weights, image_NHWC)
              return ++calls > 2 ? tf.mul(row_NC, Number.NaN) : row_NC
            }
          }
        }))
        const error = yield* Effect.flip(later(pretrain(settings)))
        assert.strictEqual(error._tag, "NonFinite")
        assert.include(
          error.message,
          "the trained encoder's representation is NaN after 8 steps (learning rate 0.05)"
        )
        assert.include(error.message, "it was not evaluated")
        assert.propertyVal(error, "found", "evaluation")
        const last = (yield* (yield* RecordedEvents).all).at(-1)
        assert.deepInclude(last, { event: "diverged", step: 8, reason: error.message })
      }).pipe(Effect.provide(logged))
    )
  }
})
