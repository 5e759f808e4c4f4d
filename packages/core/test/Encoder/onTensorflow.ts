import { Backend } from "@moco/core/Backend"
import * as tf from "@tensorflow/tfjs-core"
import { Effect } from "effect"

/** Runs a test that makes tensors, which are released behind it. */
export const onTensorflow = <A>(test: () => A) =>
  Effect.andThen(
    Backend,
    Effect.sync(() => tf.tidy(test as () => void))
  ).pipe(Effect.provide(Backend.layerTensorflow({ threads: 2 })))
