import * as tf from "@tensorflow/tfjs-core"

/**
 * The numbers of what is computed, whose tensors are released. Not out of a `tf.tidy` itself: that would look at each of
 * them for a tensor.
 */
export const floatsOf = (compute: () => tf.Tensor): Float32Array => read<"float32">(tf.tidy(compute))

/** The same of whole numbers. */
export const intsOf = (compute: () => tf.Tensor): Int32Array => read<"int32">(tf.tidy(compute))

/** The same of several results of one computation. */
export const allFloatsOf = <K extends string>(
  compute: () => Record<K, tf.Tensor>
): Readonly<Record<K, Float32Array>> => {
  const tensors = Object.entries<tf.Tensor>(tf.tidy(compute))
  return Object.fromEntries(tensors.map(([name, tensor]) => [name, read(tensor)])) as Record<K, Float32Array>
}

const read = <D extends "float32" | "int32">(tensor: tf.Tensor): tf.DataTypeMap[D] => {
  try {
    return tensor.dataSync<D>()
  } finally {
    tensor.dispose()
  }
}
