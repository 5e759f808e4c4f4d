import * as tf from "@tensorflow/tfjs-core"
import type { Weights } from "./Encoder.ts"
import type { HostTensor } from "./Safetensors.ts"
import type { NamedTensors } from "./Tensor.ts"

/**
 * Named tensors in PyTorch's layout and back: convolution filters are [out, in, height, width] there and
 * [height, width, in, out] here; everything else is the same.
 */
export const toTorch = (tensors: NamedTensors): Readonly<Record<string, HostTensor>> =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, inTorchLayout(tensor)]))

const inTorchLayout = (tensor: tf.Tensor): HostTensor => {
  const theirs = tensor.rank === 4 ? tf.transpose(tensor, [3, 2, 0, 1]) : tf.clone(tensor)
  const host: HostTensor = {
    dtype: "F32",
    shape: theirs.shape,
    data: theirs.dataSync<"float32">() as Float32Array<ArrayBuffer>
  }
  theirs.dispose()
  return host
}

/** The reverse of {@link toTorch}; the tensors belong to the caller. Only F32 is a weight, other types are skipped. */
export const fromTorch = (tensors: Readonly<Record<string, HostTensor>>): NamedTensors =>
  Object.fromEntries(
    Object.entries(tensors).flatMap(([name, host]) => {
      if (host.dtype !== "F32") return []
      const theirs = tf.tensor(host.data, [...host.shape])
      if (host.shape.length !== 4) return [[name, theirs]]
      const ours = tf.transpose(theirs, [2, 3, 1, 0])
      theirs.dispose()
      return [[name, ours]]
    })
  )

/**
 * The weights of an encoder as PyTorch's `state_dict` has them, with the counter that its batch norm carries.
 *
 * @param numBatches  training batches that batch norm has seen (`num_batches_tracked`)
 */
export const stateDict = (weights: Weights, numBatches: number): Readonly<Record<string, HostTensor>> => {
  const counters = Object.keys(weights.statistics)
    .filter((name) => name.endsWith(".running_mean"))
    .map((name): [string, HostTensor] => [
      name.replace("running_mean", "num_batches_tracked"),
      { dtype: "I64", shape: [], data: BigInt64Array.of(BigInt(numBatches)) }
    ])
  return { ...toTorch(weights.parameters), ...toTorch(weights.statistics), ...Object.fromEntries(counters) }
}
