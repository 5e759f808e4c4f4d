import { describe, it } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { KeyEncoder, QueryEncoder } from "@moco/core/Encoder"
import * as ResNet from "@moco/core/Encoder/ResNet"
import { TensorLeak, tinyResNet } from "@moco/core/testing"
import { Effect, Layer } from "effect"

const tensorflow = Backend.layerTensorflow({ threads: 2 })
const query = QueryEncoder.layer(ResNet.make(tinyResNet, 1), 1)

describe("the encoders' layers", () => {
  it.effect("release every weight of the query encoder, however their scope ends", () =>
    TensorLeak.checkEveryExit(Layer.build(query)).pipe(Effect.provide(tensorflow))
  )

  it.effect("release every weight of the key encoder too, and leave the query encoder its own", () =>
    TensorLeak.checkEveryExit(Layer.build(KeyEncoder.layer)).pipe(
      Effect.provide(Layer.provideMerge(query, tensorflow))
    )
  )
})
