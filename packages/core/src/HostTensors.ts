import * as tf from "@tensorflow/tfjs-core"
import type { HostTensor } from "./Safetensors.ts"
import type { NamedTensors } from "./Tensor.ts"

/**
 * Tensors as host memory, in the layout that they have here; float32 and int32. The numbers may be the backend's own:
 * they are to be copied before another operation runs.
 */
export const toHost = (tensors: NamedTensors): Readonly<Record<string, HostTensor>> =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, hostOf(tensor)]))

/** The reverse of {@link toHost}; the tensors belong to the caller. Other types are left out. */
export const fromHost = (tensors: Readonly<Record<string, HostTensor>>): NamedTensors =>
  Object.fromEntries(
    Object.entries(tensors).flatMap(([name, { data, dtype, shape }]) => {
      if (dtype === "F32") return [[name, tf.tensor(data, [...shape], "float32")]]
      return dtype === "I32" ? [[name, tf.tensor(data, [...shape], "int32")]] : []
    })
  )

const hostOf = (tensor: tf.Tensor): HostTensor => {
  const { shape } = tensor
  return tensor.dtype === "int32"
    ? { dtype: "I32", shape, data: tensor.dataSync<"int32">() as Int32Array<ArrayBuffer> }
    : { dtype: "F32", shape, data: tensor.dataSync<"float32">() as Float32Array<ArrayBuffer> }
}
