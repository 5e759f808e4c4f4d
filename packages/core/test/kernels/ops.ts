import { assert, describe } from "@effect/vitest"
import { Backend } from "@moco/core/Backend"
import { Effect } from "effect"
import { nativeOps, withoutNativeOps } from "../../src/internal/kernels/nativeOps.ts"

/** A synchronous test of what is computed by libtensorflow. */
export type OnTensorflow = (test: () => void) => Effect.Effect<void, unknown>

const onTensorflow = (test: () => void) =>
  Effect.andThen(Backend, Effect.sync(test)).pipe(Effect.provide(Backend.layerTensorflow({ threads: 2 })))

/** A test of the project's own ops, which must be there. */
export const onNativeOps: OnTensorflow = (test) =>
  onTensorflow(() => {
    assert.isDefined(nativeOps(), "tools:libtensorflow has built them")
    test()
  })

/** Laws of a function that either kind of ops computes: they hold for both. */
export const onEitherOps = (title: string, laws: (onTensorflow: OnTensorflow) => void): void => {
  describe(`${title}, by the project's own ops`, () => laws(onNativeOps))
  describe(`${title}, by TensorFlow's ops`, () => laws((test) => onTensorflow(() => withoutNativeOps(test))))
}
