import type * as tf from "@tensorflow/tfjs-core"
import { Clock, Effect, type Scope } from "effect"
import { Backend } from "./Backend.ts"
import { type EagerBackend, eagerBackend } from "./internal/eager.ts"

/** One operation that TensorFlow has run. */
export interface Operation {
  /** TensorFlow's name, e.g. `Conv2D`. */
  readonly name: string
  /** Shape of every input. */
  readonly inputs: ReadonlyArray<ReadonlyArray<number>>
  /** Nanoseconds on the monotonic clock of Effect. */
  readonly start: bigint
  readonly end: bigint
}

/**
 * Shows every TensorFlow operation to `onOperation` after it has run, until the Scope closes.
 *
 * Costs about a microsecond an operation. The inputs that an operation is the first to use are copied to the device
 * within it. tfjs's own kernels (the cpu backend) are no operations of TensorFlow: of them nothing is shown.
 *
 * **Gotchas** On a GPU an operation is only queued, and its time is that of the queueing.
 */
export const observe = (
  onOperation: (operation: Operation) => void
): Effect.Effect<void, never, Backend | Scope.Scope> =>
  Effect.gen(function* () {
    yield* Backend
    const backend = eagerBackend()
    if (backend === undefined) return
    const clock = yield* Clock.Clock
    yield* Effect.acquireRelease(
      Effect.sync(() => replaceMethods(backend, observed(backend, clock, onOperation))),
      (restore) => Effect.sync(restore)
    )
  })

/** The two methods through which every operation goes. */
type Methods = Pick<EagerBackend, "executeSingleOutput" | "executeMultipleOutputs">

const observed = (
  backend: EagerBackend,
  clock: Clock.Clock,
  onOperation: (operation: Operation) => void
): Methods => {
  const single = backend.executeSingleOutput.bind(backend)
  const multiple = backend.executeMultipleOutputs.bind(backend)
  const timed = <A>(name: string, inputs: ReadonlyArray<tf.Tensor>, run: () => A): A => {
    // Before it runs: a gradient may release its inputs right after.
    const shapes = inputs.map(shapeOf)
    const start = clock.monotonicTimeNanosUnsafe()
    const result = run()
    onOperation({ name, inputs: shapes, start, end: clock.monotonicTimeNanosUnsafe() })
    return result
  }
  return {
    executeSingleOutput: (name, attributes, inputs) =>
      timed(name, inputs, () => single(name, attributes, inputs)),
    executeMultipleOutputs: (name, attributes, inputs, numOutputs) =>
      timed(name, inputs, () => multiple(name, attributes, inputs, numOutputs))
  }
}

/** tfjs-node hands over some numbers as an object without a shape. */
const shapeOf = ({ shape }: Partial<Pick<tf.Tensor, "shape">>): ReadonlyArray<number> => shape ?? []

/** Puts `methods` in place of the backend's own; gives what undoes it. */
const replaceMethods = (backend: EagerBackend, methods: Methods): (() => void) => {
  const own = Object.keys(methods).map(
    (name) => [name, Object.getOwnPropertyDescriptor(backend, name)] as const
  )
  Object.assign(backend, methods)
  return () => {
    for (const [name, before] of own) {
      if (before === undefined) Reflect.deleteProperty(backend, name)
      else Object.defineProperty(backend, name, before)
    }
  }
}
