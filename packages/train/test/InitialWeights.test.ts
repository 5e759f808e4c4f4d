import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { KeyEncoder, QueryEncoder, weightsOf } from "@moco/core/Encoder"
import * as ResNet from "@moco/core/Encoder/ResNet"
import type { HostTensor } from "@moco/core/Safetensors"
import { stateDict, toTorch } from "@moco/core/TorchTensors"
import { tinyResNet } from "@moco/core/testing"
import { matchWeights, withWeights } from "@moco/train/InitialWeights"
import { initialIn } from "@moco/train/InitialWeights/files"
import { filesOf } from "@moco/train/RunFolder/files"
import * as tf from "@tensorflow/tfjs-core"
import { Effect, Layer, Path } from "effect"
import fc from "fast-check"

type Tensors = Readonly<Record<string, HostTensor>>

const network = ResNet.make(tinyResNet, 1)
const tensorflow = Backend.layerTensorflow({ threads: 2 })

/** What an encoder of another seed has exported. */
const exported = (of = network): Tensors => {
  let tensors: Tensors = {}
  tf.tidy(() => {
    tensors = stateDict(of.init(9), 7)
  })
  return tensors
}

const fitOf = (tensors: Tensors) =>
  matchWeights(network, { source: "mine.safetensors", sha256: "ab", tensors })

const without = (tensors: Tensors, ...names: ReadonlyArray<string>): Tensors =>
  Object.fromEntries(Object.entries(tensors).filter(([name]) => !names.includes(name)))

const valuesOf = (tensors: Tensors) =>
  Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, Array.from(data, Number)]))

const unfit = (tensors: Tensors) =>
  Effect.map(Effect.flip(fitOf(tensors)), (error) => {
    assert.strictEqual(error._tag, "WeightsUnfit")
    return error._tag === "WeightsUnfit" ? error : assert.fail()
  })

describe("Given weights", () => {
  it.effect(
    "take the place of the seed's to the bit; the key encoder is their copy, the baseline the seed's",
    () =>
      Effect.gen(function* () {
        const given = exported()
        const { headLeftOut, taken } = yield* fitOf(given)
        assert.deepStrictEqual(headLeftOut, [])
        const encoders = KeyEncoder.layer.pipe(
          Layer.provideMerge(QueryEncoder.layer(network, 1, withWeights(taken)))
        )
        yield* Effect.gen(function* () {
          const query = yield* QueryEncoder
          const expected = valuesOf(
            without(given, ...Object.keys(given).filter((n) => n.endsWith("tracked")))
          )
          for (const encoder of [query, yield* KeyEncoder]) {
            const { parameters, statistics } = weightsOf(encoder)
            assert.deepStrictEqual(valuesOf(toTorch({ ...parameters, ...statistics })), expected)
          }
          const [seeds, untrained, initial] = [network.init(1), query.untrained(), query.initial()].map((w) =>
            valuesOf(toTorch({ ...w.parameters, ...w.statistics }))
          )
          assert.deepStrictEqual(untrained, seeds)
          assert.notDeepEqual(initial, seeds)
          assert.deepStrictEqual(initial, expected)
        }).pipe(Effect.provide(encoders))
      }).pipe(Effect.provide(tensorflow))
  )

  it.effect("leave no tensor behind when the encoder is gone", () =>
    Effect.gen(function* () {
      const { taken } = yield* fitOf(exported())
      const { numTensors } = tf.memory()
      yield* Effect.scoped(Layer.build(QueryEncoder.layer(network, 1, withWeights(taken))))
      assert.strictEqual(tf.memory().numTensors, numTensors)
    }).pipe(Effect.provide(tensorflow))
  )

  it.effect("of another feature size give the backbone alone, and say why", () =>
    Effect.gen(function* () {
      const given = exported(ResNet.make({ ...tinyResNet, featureSize: 3 }, 1))
      const { headLeftOut, taken } = yield* fitOf(given)
      assert.include(headLeftOut[0], "fc.weight is [3,")
      assert.isFalse(Object.keys(taken).some((name) => name.startsWith("fc.")))
      assert.isTrue(Object.hasOwn(taken, "bn1.running_var"))
      const none = yield* fitOf(without(exported(), "fc.weight", "fc.bias"))
      assert.deepStrictEqual(none.headLeftOut, ["fc.weight is missing", "fc.bias is missing"])
    }).pipe(Effect.provide(tensorflow))
  )

  it.effect("of another encoder are refused with all that is missing, wrong and unexpected", () =>
    Effect.gen(function* () {
      const given = exported()
      const error = yield* unfit({
        ...without(given, "bn1.bias"),
        "conv1.weight": { dtype: "F32", shape: [1, 1], data: Float32Array.of(1) },
        "layer7.0.conv1.weight": given["conv1.weight"]!,
        "evil\u001b[2J": given["bn1.bias"]!
      })
      assert.deepStrictEqual(error.missing, ["bn1.bias"])
      assert.deepStrictEqual(error.unexpected, ["layer7.0.conv1.weight", "evil\u001b[2J"])
      assert.include(error.wrong[0], "conv1.weight is [1,1] and should be [")
      for (const words of [
        "missing: bn1.bias",
        "not part of it: layer7.0.conv1.weight",
        "mine.safetensors"
      ]) {
        assert.include(error.message, words)
      }
      assert.notInclude(error.message, "\u001b")
      const foreign = yield* unfit(exported(ResNet.make({ ...tinyResNet, layers: [2, 2, 2, 2] }, 1)))
      assert.isAbove(foreign.unexpected.length, 12)
      assert.include(foreign.message, ` and ${foreign.unexpected.length - 12} more`)
    }).pipe(Effect.provide(tensorflow))
  )

  it.effect("are never taken where one number of the backbone is none", () =>
    Effect.gen(function* () {
      const given = exported()
      const names = Object.keys(given).filter((n) => !n.startsWith("fc.") && !n.endsWith("tracked"))
      const bad = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY)
      const context = yield* Effect.context<never>()
      yield* Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(fc.constantFrom(...names), fc.nat(), bad, async (name, at, value) => {
            const tensor = given[name]!
            const data = Float32Array.from(tensor.data as Float32Array)
            data[at % data.length] = value
            const changed: Tensors = { ...given, [name]: { dtype: "F32", shape: tensor.shape, data } }
            const error = await Effect.runPromiseWith(context)(unfit(changed))
            assert.deepStrictEqual(error.wrong, [`${name} holds a number that is not finite`])
          }),
          { numRuns: 20 }
        )
      )
    }).pipe(Effect.provide(tensorflow))
  )

  it.effect("are no seed's where it cannot be told whether there are any", () =>
    Effect.gen(function* () {
      const path = yield* Path.Path
      const none = yield* initialIn(filesOf(path, "/nowhere"))
      assert.isUndefined(none)
      const error = yield* Effect.flip(initialIn(filesOf(path, "/dev/null")))
      assert.strictEqual(error._tag, "WeightsUnreadable")
      assert.include(
        error.message,
        "/dev/null/initial.safetensors cannot be read: a part of the path is a file"
      )
    }).pipe(Effect.provide(NodeServices.layer))
  )
})
