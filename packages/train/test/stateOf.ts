import { ContrastiveLoss, stateOf as lossStateOf } from "@moco/core/ContrastiveLoss"
import { Dictionary } from "@moco/core/Dictionary"
import { KeyEncoder, QueryEncoder } from "@moco/core/Encoder"
import type { NamedTensors } from "@moco/core/Tensor"
import { Optimizer } from "@moco/train/Optimizer"
import { Effect } from "effect"

/** Tensors as plain data. */
export const valuesOf = (tensors: NamedTensors) =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, Array.from(tensor.dataSync())]))

/** Every number that a run's state consists of. */
export const stateOf = Effect.gen(function* () {
  const query = yield* QueryEncoder
  const key = yield* KeyEncoder
  const { fill, snapshot } = yield* Dictionary
  const { counters, tensors } = snapshot()
  return {
    query: valuesOf({ ...query.parameters.get(), ...query.statistics.get() }),
    keyParameters: valuesOf(key.parameters.get()),
    keyStatistics: valuesOf(key.statistics.get()),
    dictionary: valuesOf(tensors),
    counters: { ...counters, fill: fill() },
    loss: lossStateOf(yield* ContrastiveLoss).snapshot(),
    moments: valuesOf((yield* Optimizer).snapshot())
  }
})
