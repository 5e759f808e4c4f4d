import { assert, describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { KeyEncoder, QueryEncoder } from "@moco/core/Encoder"
import * as ResNet from "@moco/core/Encoder/ResNet"
import type { NamedTensors } from "@moco/core/Tensor"
import { TensorLeak, tinyResNet } from "@moco/core/testing"
import { Effect, Layer } from "effect"

const tensorflow = Backend.layerTensorflow({ threads: 2 })
const network = ResNet.make(tinyResNet, 1)
const query = QueryEncoder.layer(network, 1)

describe("the encoders' layers", () => {
  it.effect("release every weight of the query encoder, however their scope ends", () =>
    TensorLeak.checkEveryExit(Layer.build(query)).pipe(Effect.provide(tensorflow))
  )

  it.effect("release every weight of the key encoder too, and leave the query encoder its own", () =>
    TensorLeak.checkEveryExit(Layer.build(KeyEncoder.layer)).pipe(
      Effect.provide(Layer.provideMerge(query, tensorflow))
    )
  )

  it.effect(
    "start the key encoder equal to the query encoder, statistics included, and let it live on its own",
    () =>
      Effect.gen(function* () {
        const queryEncoder = yield* QueryEncoder
        const key = yield* KeyEncoder
        const values = (tensors: NamedTensors) =>
          Object.fromEntries(
            Object.entries(tensors).map(([name, tensor]) => [name, String(tensor.dataSync())])
          )
        const start = values(queryEncoder.parameters.get())
        assert.deepStrictEqual(values(key.parameters.get()), start)
        assert.deepStrictEqual(values(key.statistics.get()), values(queryEncoder.statistics.get()))
        queryEncoder.parameters.replace(network.init(2).parameters)
        assert.deepStrictEqual(values(key.parameters.get()), start)
      }).pipe(
        Effect.provide(KeyEncoder.layer.pipe(Layer.provideMerge(query), Layer.provideMerge(tensorflow)))
      )
  )
})
